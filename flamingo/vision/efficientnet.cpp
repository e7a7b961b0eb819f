#include "flamingo/vision/efficientnet.h"

#include <ATen/Parallel.h>

#include <array>
#include <cmath>
#include <vector>

#include "flamingo/core/checked.h"
#include "flamingo/core/config_limits.h"
#include "flamingo/core/shape.h"
#include "flamingo/vision/convnet.h"

namespace flamingo::vision {
namespace {

/// What a size multiplies Lite0 by, and the pictures it was trained on.
struct LiteSize {
  double width;
  double depth;
  int64_t image_size;
};
constexpr std::array<LiteSize, 5> kLiteSizes{
    {{1.0, 1.0, 224}, {1.0, 1.1, 240}, {1.1, 1.2, 260}, {1.2, 1.4, 280}, {1.4, 1.8, 300}}};

/// Stem and head keep their width, the first and the last stage their depth.
EfficientNetConfig lite(const LiteSize& size) {
  EfficientNetConfig config;
  config.image_size = size.image_size;
  for (int64_t& width : config.widths) width = round_to_8(size.width * static_cast<double>(width));
  for (size_t s = 1; s + 1 < config.depths.size(); ++s) {
    config.depths[s] = std::llround(std::ceil(size.depth * static_cast<double>(config.depths[s])));
  }
  return config;
}

constexpr double kRelu6 = 6;

/// Followed by ReLU6.
nn::SameConvConfig pointwise(int64_t in, int64_t out) {
  return {.in = in, .out = out, .most = kRelu6};
}

nn::SameConvConfig depthwise(const MbConvShape& shape) {
  return {.in = shape.hidden(),
          .out = shape.hidden(),
          .kernel = shape.kernel,
          .stride = shape.stride,
          .groups = shape.hidden(),
          .most = kRelu6,
          .init_gain = nn::kReluGain};
}

nn::SameConvConfig projection(const MbConvShape& shape) {
  return {.in = shape.hidden(), .out = shape.out, .init_gain = nn::kReluGain};
}

}  // namespace

void EfficientNetConfig::validate() const {
  constexpr std::string_view kWhere = "efficientnet config";
  constexpr int64_t kMostStages = 64;
  const auto check = [&](const char* name, const std::vector<int64_t>& values, int64_t most) {
    require(values.size() == depths.size(), kWhere, "expected {} {} as there are depths, got {}",
            depths.size(), name, values.size());
    for (const int64_t value : values) require_within(kWhere, name, value, 1, most);
  };
  require_within(kWhere, "length of depths", std::ssize(depths), 1, kMostStages);
  require_within(kWhere, "image_size", image_size, 1, config_limits::kImageSize);
  require_within(kWhere, "stem_width", stem_width, 1, config_limits::kWidth);
  check("depths", depths, config_limits::kLayers);
  check("widths", widths, config_limits::kWidth);
  check("kernels", kernels, 64);
  check("strides", strides, 64);
  check("expansions", expansions, 64);
  int64_t blocks = 0;
  for (const int64_t depth : depths) blocks += depth;
  require_within(kWhere, "number of blocks", blocks, 1, config_limits::kLayers);
  require_within(kWhere, "final_width", final_width, 1, config_limits::kWidth);
  require_within(kWhere, "pooled_side", pooled_side, 0, config_limits::kImageSize);
  require_within(kWhere, "projection_dim", projection_dim, 0, config_limits::kWidth);
  require(projection_dim == 0 || num_classes == 0, kWhere,
          "expected projection_dim 0 with a classifier, got {}", projection_dim);
  require_within(kWhere, "num_classes", num_classes, 0, config_limits::kVocab);
}

std::vector<std::vector<MbConvShape>> EfficientNetConfig::stages() const {
  std::vector<std::vector<MbConvShape>> all;
  int64_t in = stem_width;
  for (size_t s = 0; s < depths.size(); ++s) {
    auto& stage = all.emplace_back();
    for (int64_t b = 0; b < depths[s]; ++b) {
      stage.push_back({.in = in,
                       .out = widths[s],
                       .kernel = kernels[s],
                       .stride = b == 0 ? strides[s] : 1,
                       .expansion = expansions[s]});
      in = widths[s];
    }
  }
  return all;
}

int64_t EfficientNetConfig::num_patches(int64_t side) const {
  if (pooled_side > 0) return pooled_side * pooled_side;
  side = (side + 1) / 2;
  for (const int64_t stride : strides) side = (side + stride - 1) / stride;
  return side * side;
}

media::TransformConfig EfficientNetConfig::transform() const {
  constexpr float kMean = 127.0F / 255.0F, kStd = 128.0F / 255.0F;
  return {.mode = media::TransformMode::kOpenClip,
          .size = image_size,
          .mean = {kMean, kMean, kMean},
          .std = {kStd, kStd, kStd}};
}

VisionEncoderPtr EfficientNetConfig::make(const torch::TensorOptions& options) const {
  return std::make_shared<EfficientNetImpl>(*this, options);
}

std::vector<EncoderPreset<EfficientNetConfig>> EfficientNetConfig::presets() {
  std::vector<EncoderPreset<EfficientNetConfig>> all;
  for (size_t k = 0; k < kLiteSizes.size(); ++k)
    all.push_back({"efficientnet-lite" + std::to_string(k), lite(kLiteSizes[k])});
  return all;
}

EfficientNetConfig efficientnet_preset(std::string_view name) {
  return preset_of<EfficientNetConfig>(name);
}

MbConvImpl::MbConvImpl(const MbConvShape& shape, const torch::TensorOptions& options)
    : skips_(shape.stride == 1 && shape.in == shape.out),
      depthwise_(register_module("depthwise", nn::SameConv(depthwise(shape), options))),
      project_(register_module("project", nn::SameConv(projection(shape), options))) {
  if (shape.expansion > 1) {
    expand_ = register_module("expand", nn::SameConv(pointwise(shape.in, shape.hidden()), options));
  }
}

torch::Tensor MbConvImpl::forward(const torch::Tensor& x) const {
  auto y = expand_ ? expand_->forward(x) : x;
  y = project_->forward(depthwise_->forward(y));
  return skips_ ? y + x : y;
}

EfficientNetImpl::EfficientNetImpl(const EfficientNetConfig& config,
                                   const torch::TensorOptions& options)
    : config_((config.validate(), config)),
      stem_(register_module(
          "stem",
          nn::SameConv(
              nn::SameConvConfig{
                  .in = 3, .out = config.stem_width, .kernel = 3, .stride = 2, .most = kRelu6},
              options))),
      stages_(register_module("stages", nn::make_typed_list<EfficientNetStage>())),
      final_conv_(register_module(
          "final_conv",
          nn::SameConv(pointwise(config.widths.back(), config.final_width), options))) {
  for (const auto& shapes : config.stages()) {
    auto stage = nn::make_typed_list<MbConv>();
    for (const MbConvShape& shape : shapes) stage->append(MbConv(shape, options));
    stages_->append(std::move(stage));
  }
  if (config.projection_dim > 0) {
    projection_norm_ =
        register_module("projection_norm", nn::Norm(config.final_width, NormConfig{}, options));
    projection_ = register_module(
        "projection", nn::Linear(config.final_width, config.projection_dim, true, options));
  }
  if (config.num_classes > 0) {
    classifier_ =
        register_module("classifier", nn::Linear(dim(), config.num_classes, true, options));
  }
}

torch::Tensor EfficientNetImpl::feature_map(const torch::Tensor& pixels, const Tap& tap) const {
  expect_shape(pixels, {kAny, 3, kAny, kAny}, "efficientnet pixels");
  const auto tapped = [&](const std::string& name, torch::Tensor x) {
    if (tap) tap(name, x);
    return x;
  };
  auto x = tapped("stem", stem_->forward(pixels.contiguous(torch::MemoryFormat::ChannelsLast)));
  for (size_t s = 0; s < stages_->size(); ++s) {
    for (const auto& block : *(*stages_)[s]) x = block->forward(x);
    x = tapped("stage." + std::to_string(s), x);
  }
  return tapped("feature_map", final_conv_->forward(x));
}

torch::Tensor EfficientNetImpl::forward(const torch::Tensor& pixels) { return head(trunk(pixels)); }

torch::Tensor EfficientNetImpl::head(const torch::Tensor& features) {
  if (projection_.is_empty()) return features;
  expect_shape(features, {kAny, kAny, config_.final_width}, "efficientnet trunk features");
  return projection_->forward(projection_norm_->forward(features));
}

torch::Tensor EfficientNetImpl::trunk(const torch::Tensor& pixels) {
  if (!folded_ || pixels.size(0) == 0) return features(pixels);
  std::vector<torch::Tensor> all(static_cast<size_t>(pixels.size(0)));
  const bool inference = c10::InferenceMode::is_enabled();
  at::parallel_for(0, std::ssize(all), 1, [&](int64_t begin, int64_t end) {
    const c10::InferenceMode guard(inference);  // threads begin without it
    const torch::NoGradGuard no_grad;
    for (int64_t i = begin; i < end; ++i)
      all[static_cast<size_t>(i)] = features(pixels.narrow(0, i, 1).to(torch::kFloat32));
  });
  return at::cat(all).to(pixels.scalar_type());
}

torch::Tensor EfficientNetImpl::features(const torch::Tensor& pixels) const {
  const torch::Tensor map = feature_map(pixels);
  const int64_t side = config_.pooled_side;
  return grid_to_patches(side > 0 ? at::adaptive_avg_pool2d(map, {side, side}) : map);
}

void EfficientNetImpl::fold(torch::ScalarType /*dtype*/) {
  folded_ = stem_->weight.is_cpu();
  apply([](torch::nn::Module& part) {
    if (auto* conv = dynamic_cast<nn::SameConvImpl*>(&part)) conv->fold();
  });
}

void EfficientNetImpl::train(bool on) {
  if (on) folded_ = false;
  Module::train(on);
}

torch::Tensor EfficientNetImpl::classify(const torch::Tensor& features) const {
  require(!classifier_.is_empty(), "efficientnet classify",
          "expected num_classes > 0, got an encoder without classifier");
  expect_shape(features, {kAny, kAny, dim()}, "efficientnet features");
  return classifier_->forward(features.mean(1));
}

}  // namespace flamingo::vision
