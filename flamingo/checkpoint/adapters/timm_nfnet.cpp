#include "flamingo/checkpoint/adapters/timm_nfnet.h"

#include <optional>
#include <vector>

#include "flamingo/checkpoint/adapters/hf_json.h"
#include "flamingo/core/shape.h"

namespace flamingo::checkpoint {
namespace {

/// Squeeze-excite of timm's configuration.
struct SeArgs {
  double rd_ratio = 0.5;

  template <class Visitor>
  void visit(Visitor& v) {
    v("rd_ratio", rd_ratio, "hidden width / stage width");
  }
};

/// The fields of timm's NfCfg.
struct TimmArgs {
  std::vector<int64_t> depths;
  std::vector<int64_t> channels;
  double alpha = 0.2;
  std::string stem_type = "deep_quad";
  std::optional<int64_t> stem_chs;
  std::optional<int64_t> group_size;
  std::string attn_layer = "se";
  SeArgs attn_kwargs;
  double attn_gain = 2.0;
  double width_factor = 1.0;
  double bottle_ratio = 0.5;
  int64_t num_features = 0;
  int64_t ch_div = 8;
  bool reg = false;
  bool extra_conv = true;
  bool gamma_in_act = true;
  bool same_padding = true;
  double std_conv_eps = 1e-5;
  bool skipinit = true;
  bool zero_init_fc = false;
  std::string act_layer = "gelu";

  template <class Visitor>
  void visit(Visitor& v) {
    v("depths", depths, "");
    v("channels", channels, "");
    v("alpha", alpha, "");
    v("stem_type", stem_type, "");
    v("stem_chs", stem_chs, "");
    v("group_size", group_size, "");
    v("attn_layer", attn_layer, "");
    v("attn_kwargs", attn_kwargs, "");
    v("attn_gain", attn_gain, "");
    v("width_factor", width_factor, "");
    v("bottle_ratio", bottle_ratio, "");
    v("num_features", num_features, "");
    v("ch_div", ch_div, "");
    v("reg", reg, "");
    v("extra_conv", extra_conv, "");
    v("gamma_in_act", gamma_in_act, "");
    v("same_padding", same_padding, "");
    v("std_conv_eps", std_conv_eps, "");
    v("skipinit", skipinit, "");
    v("zero_init_fc", zero_init_fc, "");
    v("act_layer", act_layer, "");
  }
};

void require_dm_nfnet(const TimmArgs& args, const std::string& where) {
  const auto check = [&](const auto& value, const auto& wanted, const char* field) {
    require(
        value == wanted, where, "expected {} {} of a dm_nfnet, got {}", field, wanted, value,
        Hint{"stem deep_quad, squeeze-excite with gain 2, SAME padding and skip-init are needed"});
  };
  check(args.stem_type, "deep_quad", "stem_type");
  check(args.attn_layer, "se", "attn_layer");
  check(args.attn_gain, 2.0, "attn_gain");
  check(args.width_factor, 1.0, "width_factor");
  check(args.ch_div, 8, "ch_div");
  check(args.reg, false, "reg");
  check(args.gamma_in_act, true, "gamma_in_act");
  check(args.same_padding, true, "same_padding");
  check(args.skipinit, true, "skipinit");
}

/// Bounds what is computed with before NfnetConfig::validate() sees it, by timm's names.
void require_bounded(const TimmArgs& args, const std::string& where) {
  for (const int64_t depth : args.depths) require_within(where, "depths", depth, 1, kMostSize);
  for (const int64_t width : args.channels) require_within(where, "channels", width, 1, kMostSize);
  if (args.stem_chs) require_within(where, "stem_chs", *args.stem_chs, 8, kMostSize);
  if (args.group_size) require_within(where, "group_size", *args.group_size, 0, kMostSize);
  require_within(where, "num_features", args.num_features, 0, kMostSize);
  require_within(where, "alpha", args.alpha, -100, 100);
  require_within(where, "rd_ratio", args.attn_kwargs.rd_ratio, 1e-3, 8);
  require_within(where, "bottle_ratio", args.bottle_ratio, 1e-3, 8);
  require_within(where, "std_conv_eps", args.std_conv_eps, 1e-12, 1);
}

bool is_squeeze_excite_matrix(const std::string& name) {
  return name.find(".attn_last.") != std::string::npos && name.ends_with(".weight");
}

}  // namespace

StateDict nfnet_from_timm(const StateDict& weights) {
  StateDict ours = weights;
  for (auto& [name, weight] : ours) {
    if (!is_squeeze_excite_matrix(name)) continue;
    expect_shape(weight, {kAny, kAny, 1, 1}, name);
    weight = weight.flatten(1);
  }
  return ours;
}

StateDict nfnet_to_timm(const StateDict& weights) {
  StateDict timm = weights;
  for (auto& [name, weight] : timm) {
    if (is_squeeze_excite_matrix(name)) weight = weight.unsqueeze(-1).unsqueeze(-1);
  }
  return timm;
}

vision::NfnetConfig as_timm(vision::NfnetConfig config) {
  config.activation = Activation::kGelu;
  config.ws_eps = 1e-5;
  config.ws_floor = nn::WsFloor::kAdd;
  return config;
}

vision::NfnetConfig nfnet_config_from_timm(const Json& json, const std::string& where) {
  require(json.is_object() && json.contains("model_args"), where, "expected model_args, got none");
  TimmArgs args;
  config_from_json(json["model_args"], args, where);
  require_dm_nfnet(args, where);
  require_bounded(args, where);
  vision::NfnetConfig config = as_timm({});
  const int64_t stem = args.stem_chs.value_or(128);
  config.stem_channels = {stem / 8, stem / 4, stem / 2, stem};
  config.depths = args.depths;
  config.widths = args.channels;
  config.alpha = args.alpha;
  config.group_width = args.group_size.value_or(0);
  config.se_ratio = args.attn_kwargs.rd_ratio;
  config.bottle_ratio = args.bottle_ratio;
  config.extra_conv = args.extra_conv;
  config.ws_eps = args.std_conv_eps;
  config.activation = enum_from_name<Activation>(args.act_layer, where + ".act_layer");
  config.final_width = args.num_features;
  config.num_classes = size_or(json, "num_classes", 0, where, 0);
  config.validate();
  return config;
}

}  // namespace flamingo::checkpoint
