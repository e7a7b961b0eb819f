#include "flamingo/vision/nfnet.h"

#include <cmath>

#include "flamingo/core/rng.h"
#include "flamingo/core/shape.h"
#include "flamingo/vision/convnet.h"

namespace flamingo::vision {
namespace {

/// Channels and options that all convolutions of a net share.
nn::WsConvConfig conv_config(const NfnetConfig& config, int64_t in, int64_t out) {
  return {.in = in, .out = out, .eps = config.ws_eps, .floor = config.ws_floor};
}

int64_t num_groups(const NfnetConfig& config, int64_t inner) {
  if (config.group_width == 0) return 1;
  require(inner % config.group_width == 0, "nfnet config",
          "expected group_width to divide the inner width {}, got {}", inner, config.group_width);
  return inner / config.group_width;
}

}  // namespace

SqueezeExciteImpl::SqueezeExciteImpl(int64_t channels, int64_t hidden,
                                     const torch::TensorOptions& options)
    : fc1_(register_module("fc1", nn::Linear(channels, hidden, true, options))),
      fc2_(register_module("fc2", nn::Linear(hidden, channels, true, options))) {}

torch::Tensor SqueezeExciteImpl::forward(const torch::Tensor& x) const {
  const auto mean = x.mean({2, 3});  // [N, C]
  const auto gates = fc2_->forward(at::relu(fc1_->forward(mean)));
  return gates.to(at::promote_types(gates.scalar_type(), torch::kFloat32)).sigmoid();
}

NfnetDownsampleImpl::NfnetDownsampleImpl(const nn::WsConvConfig& config, int64_t stride,
                                         const torch::TensorOptions& options)
    : stride_(stride), conv_(register_module("conv", nn::WsConv(config, options))) {}

torch::Tensor NfnetDownsampleImpl::forward(const torch::Tensor& h) const {
  if (stride_ == 1) return conv_->forward(h);
  return conv_->forward(at::avg_pool2d(h, stride_, stride_, 0, /*ceil_mode=*/true,
                                       /*count_include_pad=*/false));
}

NfnetBlockImpl::NfnetBlockImpl(const NfnetConfig& config, const NfnetBlockPlace& place,
                               const torch::TensorOptions& options)
    : skipinit_gain(register_parameter("skipinit_gain", torch::empty({}, options))),
      activation_(config.activation),
      alpha_(config.alpha),
      skip_gain_init_(config.skip_gain_init),
      attn_last_(register_module(
          "attn_last",
          SqueezeExcite(place.out, round_to_8(config.se_ratio * static_cast<double>(place.out)),
                        options))) {
  const int64_t inner = round_to_8(config.bottle_ratio * static_cast<double>(place.out));
  const double gain = activation_gain(config.activation);
  auto conv1 = conv_config(config, place.in, inner);
  conv1.input_scale = gain * place.beta;
  auto conv2 = conv_config(config, inner, inner);
  conv2.input_scale = gain;
  conv2.kernel = 3;
  conv2.groups = num_groups(config, inner);
  auto conv2b = conv2;
  conv2.stride = place.stride;
  auto conv3 = conv_config(config, inner, place.out);
  conv3.input_scale = gain;
  convs_.push_back(add_conv("conv1", conv1, options));
  convs_.push_back(add_conv("conv2", conv2, options));
  if (config.extra_conv) convs_.push_back(add_conv("conv2b", conv2b, options));
  convs_.push_back(add_conv("conv3", conv3, options));
  if (place.stride != 1 || place.in != place.out) {
    conv1.out = place.out;
    downsample_ = register_module("downsample", NfnetDownsample(conv1, place.stride, options));
  }
}

nn::WsConv NfnetBlockImpl::add_conv(const std::string& name, const nn::WsConvConfig& config,
                                    const torch::TensorOptions& options) {
  return register_module(name, nn::WsConv(config, options));
}

torch::Tensor NfnetBlockImpl::forward(const torch::Tensor& x, const torch::Tensor& keep) const {
  auto branch = nn::activate(activation_, x);
  const auto shortcut = downsample_ ? downsample_->forward(branch) : x;
  branch = convs_.front()->forward(branch);
  for (size_t i = 1; i < convs_.size(); ++i) {
    branch = convs_[i]->forward(nn::activate(activation_, branch));
  }
  auto scale = attn_last_->forward(branch) * (2.0 * alpha_ * skipinit_gain);  // [N, C]
  if (keep.defined()) scale = scale * keep.unsqueeze(1);
  scale = scale.to(x.scalar_type()).unsqueeze(-1).unsqueeze(-1);  // [N, C, 1, 1]
  return at::addcmul(shortcut, branch, scale);
}

void NfnetBlockImpl::init_own() { skipinit_gain.fill_(skip_gain_init_); }

NfnetStemImpl::NfnetStemImpl(const NfnetConfig& config, const torch::TensorOptions& options)
    : activation_(config.activation) {
  int64_t in = 3;
  for (size_t i = 0; i < config.stem_channels.size(); ++i) {
    auto conv = conv_config(config, in, config.stem_channels[i]);
    conv.kernel = 3;
    conv.stride = config.stem_strides[i];
    conv.input_scale = i == 0 ? 1.0 : activation_gain(config.activation);
    convs_.push_back(register_module("conv" + std::to_string(i + 1), nn::WsConv(conv, options)));
    in = conv.out;
  }
}

torch::Tensor NfnetStemImpl::forward(const torch::Tensor& pixels) const {
  auto x = convs_.front()->forward(pixels);
  for (size_t i = 1; i < convs_.size(); ++i) x = convs_[i]->forward(nn::activate(activation_, x));
  return x;
}

NfnetHeadImpl::NfnetHeadImpl(int64_t dim, int64_t num_classes, const torch::TensorOptions& options)
    : fc_(register_module("fc", nn::Linear(dim, num_classes, true, options))) {}

NfnetImpl::NfnetImpl(const NfnetConfig& config, const torch::TensorOptions& options)
    : config_((config.validate(), config)),
      stem_(register_module("stem", NfnetStem(config, options))),
      stages_(register_module("stages", nn::make_typed_list<NfnetStage>())) {
  add_stages(options);
  if (config.final_width > 0) {
    auto conv = conv_config(config, config.widths.back(), config.final_width);
    final_conv_ = register_module("final_conv", nn::WsConv(conv, options));
  }
  if (config.num_classes > 0) {
    head_ = register_module("head", NfnetHead(dim(), config.num_classes, options));
  }
}

void NfnetImpl::add_stages(const torch::TensorOptions& options) {
  int64_t in = config_.stem_channels.back();
  double expected_variance = 1.0;
  for (size_t s = 0; s < config_.depths.size(); ++s) {
    auto stage = nn::make_typed_list<NfnetBlock>();
    for (int64_t b = 0; b < config_.depths[s]; ++b) {
      const NfnetBlockPlace place{.in = in,
                                  .out = config_.widths[s],
                                  .stride = b == 0 ? config_.strides[s] : 1,
                                  .beta = 1.0 / std::sqrt(expected_variance)};
      stage->append(NfnetBlock(config_, place, options));
      in = place.out;
      expected_variance = (b == 0 ? 1.0 : expected_variance) + config_.alpha * config_.alpha;
    }
    stages_->append(std::move(stage));
  }
}

torch::Tensor NfnetImpl::keep_mask(int64_t block, std::span<const uint64_t> drop_seeds,
                                   const torch::Tensor& like) const {
  const double rate = config_.stochastic_depth * static_cast<double>(block) /
                      static_cast<double>(config_.num_blocks());
  if (drop_seeds.empty() || !is_training() || rate == 0) return {};
  require(std::ssize(drop_seeds) == like.size(0), "nfnet", "expected {} seeds, got {}",
          like.size(0), drop_seeds.size());
  const std::string name = "stochastic_depth." + std::to_string(block);
  std::vector<float> keep;
  for (const uint64_t seed : drop_seeds)
    keep.push_back(Rng::for_name(seed, name).coin(rate) ? 0.0F : 1.0F);
  return torch::tensor(keep).to(like.device());
}

torch::Tensor NfnetImpl::feature_map(const torch::Tensor& pixels,
                                     std::span<const uint64_t> drop_seeds, const Tap& tap) {
  expect_shape(pixels, {kAny, 3, kAny, kAny}, "nfnet pixels");
  auto x = stem_->forward(pixels.contiguous(torch::MemoryFormat::ChannelsLast));
  if (tap) tap("stem", x);
  int64_t block_index = 0;
  for (size_t s = 0; s < stages_->size(); ++s) {
    for (const auto& block : *(*stages_)[s]) {
      x = block->forward(x, keep_mask(block_index++, drop_seeds, x));
    }
    if (tap) tap("stage." + std::to_string(s), x);
  }
  if (final_conv_) x = final_conv_->forward(x);
  x = nn::activate(config_.activation, x) * activation_gain(config_.activation);
  if (tap) tap("feature_map", x);
  return x;
}

torch::Tensor NfnetImpl::forward(const torch::Tensor& pixels) {
  return grid_to_patches(feature_map(pixels));
}

torch::Tensor NfnetImpl::forward(const torch::Tensor& pixels,
                                 std::span<const uint64_t> drop_seeds) {
  return grid_to_patches(feature_map(pixels, drop_seeds));
}

torch::Tensor NfnetImpl::classify(const torch::Tensor& features) const {
  require(!head_.is_empty(), "nfnet classify",
          "expected num_classes > 0, got an encoder without classifier");
  expect_shape(features, {kAny, kAny, dim()}, "nfnet features");
  return head_->forward(features.mean(1));
}

void NfnetImpl::fold(torch::ScalarType dtype) {
  apply([dtype](torch::nn::Module& part) {
    if (auto* conv = dynamic_cast<nn::WsConvImpl*>(&part)) conv->fold(dtype);
  });
}

VisionEncoderPtr NfnetConfig::make(const torch::TensorOptions& options) const {
  return std::make_shared<NfnetImpl>(*this, options);
}

}  // namespace flamingo::vision
