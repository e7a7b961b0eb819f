#include "flamingo/checkpoint/adapters/timm_nfnet.h"

#include <optional>
#include <vector>

#include "flamingo/core/shape.h"

namespace flamingo {
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
  const bool same = args.stem_type == "deep_quad" && args.attn_layer == "se" &&
                    args.attn_gain == 2.0 && args.width_factor == 1.0 && args.ch_div == 8 &&
                    !args.reg && args.gamma_in_act && args.same_padding && args.skipinit;
  require(same, where, "expected the options of a dm_nfnet, got others",
          "stem deep_quad, squeeze-excite with gain 2, SAME padding and skip-init are needed");
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

NfnetConfig as_timm(NfnetConfig config) {
  config.activation = Activation::kGelu;
  config.ws_eps = 1e-5;
  config.ws_floor = WsFloor::kAdd;
  return config;
}

NfnetConfig nfnet_config_from_timm(const Json& json, const std::string& where) {
  require(json.is_object() && json.contains("model_args"), where, "expected model_args, got none");
  TimmArgs args;
  config_from_json(json["model_args"], args, where);
  require_dm_nfnet(args, where);
  NfnetConfig config = as_timm({});
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
  if (json.contains("num_classes")) {
    config_from_json(json["num_classes"], config.num_classes, where + ".num_classes");
  }
  config.validate();
  return config;
}

}  // namespace flamingo
