#include "flamingo/vision/nfnet_config.h"

#include <array>
#include <cmath>
#include <numeric>

#include "flamingo/core/config.h"

namespace flamingo {
namespace {

constexpr std::string_view kWhere = "nfnet config";
constexpr std::string_view kPictogram = "nfnet-pictogram";
constexpr std::array<int64_t, 7> kTrainSize{192, 224, 256, 320, 384, 416, 448};

void require_positive(const std::vector<int64_t>& values, const std::string& name) {
  require(!values.empty(), kWhere, "expected at least one value in " + name + ", got none");
  for (const int64_t value : values) {
    require(value > 0, kWhere,
            "expected positive values in " + name + ", got " + std::to_string(value));
  }
}

void require_same_size(const std::vector<int64_t>& a, const std::vector<int64_t>& b,
                       const std::string& names) {
  require(a.size() == b.size(), kWhere,
          "expected as many " + names + ", got " + std::to_string(a.size()) + " and " +
              std::to_string(b.size()));
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
  config.ws_floor = WsFloor::kAdd;
  return config;
}

}  // namespace

void NfnetConfig::validate() const {
  require_positive(stem_channels, "stem_channels");
  require_positive(stem_strides, "stem_strides");
  require_positive(depths, "depths");
  require_positive(widths, "widths");
  require_positive(strides, "strides");
  require_same_size(stem_channels, stem_strides, "stem_channels as stem_strides");
  require_same_size(depths, widths, "depths as widths");
  require_same_size(depths, strides, "depths as strides");
  require(image_size > 0, kWhere, "expected image_size > 0, got " + std::to_string(image_size));
  require(bottle_ratio > 0 && se_ratio > 0, kWhere, "expected ratios > 0, got 0 or less");
  require(group_width >= 0 && final_width >= 0 && num_classes >= 0, kWhere,
          "expected widths >= 0, got a negative one");
  require(stochastic_depth >= 0 && stochastic_depth < 1, kWhere,
          "expected stochastic_depth in [0, 1), got " + std::to_string(stochastic_depth));
  require(std::isfinite(alpha) && std::isfinite(skip_gain_init) && ws_eps > 0, kWhere,
          "expected finite scales and ws_eps > 0, got others");
  activation_gain(activation);
}

int64_t NfnetConfig::num_blocks() const {
  return std::accumulate(depths.begin(), depths.end(), int64_t{0});
}

NfnetConfig nfnet_preset(std::string_view name) {
  if (name == kPictogram) return pictogram();
  std::string known;
  for (size_t k = 0; k < kTrainSize.size(); ++k) {
    const std::string candidate = "nfnet-f" + std::to_string(k);
    if (name == candidate) return f_series(static_cast<int64_t>(k));
    known += candidate + ", ";
  }
  fail("nfnet preset", "expected one of " + known + std::string(kPictogram) + ", got \"" +
                           std::string(name) + "\"");
}

std::vector<std::string> nfnet_preset_names() {
  std::vector<std::string> names;
  for (size_t k = 0; k < kTrainSize.size(); ++k) names.push_back("nfnet-f" + std::to_string(k));
  names.emplace_back(kPictogram);
  return names;
}

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
      fail(kWhere, "expected activation gelu, gelu_tanh, relu or silu, got " +
                       std::string(enum_name(kind)));
  }
}

}  // namespace flamingo
