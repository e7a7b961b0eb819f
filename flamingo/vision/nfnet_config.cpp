#include "flamingo/vision/nfnet_config.h"

#include <array>
#include <numeric>

#include "flamingo/core/checked.h"
#include "flamingo/core/config.h"
#include "flamingo/core/config_limits.h"

namespace flamingo::vision {
namespace {

constexpr std::string_view kWhere = "nfnet config";
constexpr std::array<int64_t, 7> kTrainSize{192, 224, 256, 320, 384, 416, 448};

void require_all_within(const std::vector<int64_t>& values, const std::string& name, int64_t most) {
  constexpr int64_t kMostStages = 64;
  require_within(kWhere, "length of " + name, std::ssize(values), 1, kMostStages);
  for (const int64_t value : values) require_within(kWhere, name, value, 1, most);
}

void require_same_size(const std::vector<int64_t>& a, const std::vector<int64_t>& b,
                       const std::string& names) {
  require(a.size() == b.size(), kWhere, "expected as many {}, got {} and {}", names, a.size(),
          b.size());
}

/// F0 has depths 1, 2, 6, 3; Fk has k + 1 times as many blocks.
NfnetConfig f_series(int64_t k) {
  NfnetConfig config;
  config.image_size = kTrainSize[static_cast<size_t>(k)];
  for (int64_t& depth : config.depths) depth *= k + 1;
  return config;
}

NfnetConfig pictogram() {
  NfnetConfig config;
  config.image_size = 64;
  config.stem_channels = {48, 64};
  config.stem_strides = {2, 2};
  config.depths = {1, 3, 3};
  config.widths = {64, 160, 512};
  config.strides = {1, 2, 2};
  config.group_width = 0;
  config.extra_conv = false;
  config.se_ratio = 0.25;
  config.skip_gain_init = 0.2;
  config.stochastic_depth = 0.0;
  config.final_width = 0;
  config.ws_eps = 1e-5;
  config.ws_floor = nn::WsFloor::kAdd;
  return config;
}

}  // namespace

void NfnetConfig::validate() const {
  require_all_within(stem_channels, "stem_channels", config_limits::kWidth);
  require_all_within(stem_strides, "stem_strides", 64);
  require_all_within(depths, "depths", config_limits::kLayers);
  require_all_within(widths, "widths", config_limits::kWidth);
  require_all_within(strides, "strides", 64);
  require_same_size(stem_channels, stem_strides, "stem_channels as stem_strides");
  require_same_size(depths, widths, "depths as widths");
  require_same_size(depths, strides, "depths as strides");
  require_within(kWhere, "number of blocks", num_blocks(), 1, config_limits::kLayers);
  require_within(kWhere, "image_size", image_size, 1, config_limits::kImageSize);
  require_within(kWhere, "bottle_ratio", bottle_ratio, 1e-3, 8);
  require_within(kWhere, "se_ratio", se_ratio, 1e-3, 8);
  require_within(kWhere, "group_width", group_width, 0, config_limits::kWidth);
  require_within(kWhere, "final_width", final_width, 0, config_limits::kWidth);
  require_within(kWhere, "num_classes", num_classes, 0, config_limits::kVocab);
  require(stochastic_depth >= 0 && stochastic_depth < 1, kWhere,
          "expected stochastic_depth in [0, 1), got {}", stochastic_depth);
  require_within(kWhere, "alpha", alpha, -100, 100);
  require_within(kWhere, "skip_gain_init", skip_gain_init, -100, 100);
  require_within(kWhere, "ws_eps", ws_eps, 1e-12, 1);
  activation_gain(activation);
}

int64_t NfnetConfig::num_blocks() const {
  return std::accumulate(depths.begin(), depths.end(), int64_t{0});
}

int64_t NfnetConfig::num_patches(int64_t side) const {
  for (const auto* all : {&stem_strides, &strides}) {
    for (const int64_t stride : *all) side = (side + stride - 1) / stride;
  }
  return side * side;
}

media::TransformConfig NfnetConfig::transform() const {
  return {.size = image_size, .mean = {0.5F, 0.5F, 0.5F}, .std = {0.5F, 0.5F, 0.5F}};
}

std::vector<EncoderPreset<NfnetConfig>> NfnetConfig::presets() {
  std::vector<EncoderPreset<NfnetConfig>> all;
  for (int64_t k = 0; k < std::ssize(kTrainSize); ++k)
    all.push_back({"nfnet-f" + std::to_string(k), f_series(k)});
  all.push_back({"nfnet-pictogram", pictogram()});
  return all;
}

NfnetConfig nfnet_preset(std::string_view name) { return preset_of<NfnetConfig>(name); }

double activation_gain(Activation kind) {
  switch (kind) {
    case Activation::kGelu:
    case Activation::kGeluTanh:
      return 1.7015043497085571;
    case Activation::kRelu:
      return 1.7139588594436646;
    case Activation::kSilu:
      return 1.7881293296813965;
    default:
      fail(kWhere, "expected activation gelu, gelu_tanh, relu or silu, got {}", enum_name(kind));
  }
}

}  // namespace flamingo::vision
