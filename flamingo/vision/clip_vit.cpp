#include "flamingo/vision/clip_vit.h"

#include "flamingo/core/checked.h"
#include "flamingo/core/config.h"
#include "flamingo/core/config_limits.h"
#include "flamingo/core/shape.h"
#include "flamingo/nn/product.h"

namespace flamingo::vision {
namespace {

NormConfig norm_config(const ClipVitConfig& config) { return {.eps = config.norm_eps}; }

}  // namespace

std::vector<EncoderPreset<ClipVitConfig>> ClipVitConfig::presets() {
  const ClipVitConfig large;
  ClipVitConfig base = large;
  base.width = 768;
  base.layers = 12;
  base.heads = 12;
  base.mlp_width = 3072;
  base.embed_dim = 512;
  ClipVitConfig base_16 = base;
  base.patch_size = 32;
  base_16.patch_size = 16;
  ClipVitConfig large_336 = large;
  large_336.image_size = 336;
  ClipVitConfig huge = large;
  huge.width = 1280;
  huge.layers = 32;
  huge.mlp_width = 5120;
  huge.embed_dim = 1024;
  huge.activation = Activation::kGelu;
  return {{"clip-vit-b-32", base},
          {"clip-vit-b-16", base_16},
          {"clip-vit-l-14", large},
          {"clip-vit-l-14-336", large_336},
          {"clip-vit-h-14", huge}};
}

void ClipVitConfig::validate() const {
  constexpr std::string_view kWhere = "clip_vit config";
  require_within(kWhere, "image_size", image_size, 1, config_limits::kImageSize);
  require_within(kWhere, "patch_size", patch_size, 1, image_size);
  require_within(kWhere, "width", width, 1, config_limits::kWidth);
  require_within(kWhere, "layers", layers, 1, config_limits::kLayers);
  require_within(kWhere, "heads", heads, 1, config_limits::kHeads);
  require_within(kWhere, "mlp_width", mlp_width, 1, config_limits::kFfwWidth);
  require_within(kWhere, "embed_dim", embed_dim, 0, config_limits::kWidth);
  require_within(kWhere, "norm_eps", norm_eps, 0, 1);
  require(image_size % patch_size == 0, kWhere,
          "expected patch_size to divide image_size {}, got {}", image_size, patch_size);
  require(width % heads == 0, kWhere, "expected heads to divide width {}, got {}", width, heads);
}

media::TransformConfig ClipVitConfig::transform() const {
  return {.mode = media::TransformMode::kOpenClip, .size = image_size};
}

VisionEncoderPtr ClipVitConfig::make(const torch::TensorOptions& options) const {
  return std::make_shared<ClipVitImpl>(*this, options);
}

ClipVitConfig clip_vit_preset(std::string_view name) { return preset_of<ClipVitConfig>(name); }

ClipVitImpl::ClipVitImpl(const ClipVitConfig& config, const torch::TensorOptions& options)
    : config_((config.validate(), config)),
      norm_pre_(register_module("norm_pre", nn::Norm(config.width, norm_config(config), options))),
      layers_(register_module("layers", nn::make_typed_list<nn::TransformerLayer>())),
      norm_post_(
          register_module("norm_post", nn::Norm(config.width, norm_config(config), options))) {
  const int64_t W = config.width;
  patch_embedding = register_parameter(
      "patch_embedding", torch::empty({W, 3, config.patch_size, config.patch_size}, options));
  class_embedding = register_parameter("class_embedding", torch::empty({W}, options));
  position_embedding = register_parameter("position_embedding",
                                          torch::empty({1 + config.num_patches(), W}, options));
  const nn::TransformerLayerConfig layer{.width = W,
                                         .heads = config.heads,
                                         .mlp_width = config.mlp_width,
                                         .activation = config.activation,
                                         .norm_eps = config.norm_eps};
  for (int64_t i = 0; i < config.layers; ++i) layers_->append(nn::TransformerLayer(layer, options));
  if (config.embed_dim > 0) {
    proj_ = register_module("proj", nn::Linear(W, config.embed_dim, false, options));
  }
}

torch::Tensor ClipVitImpl::tokens(const torch::Tensor& pixels, const Tap& tap) const {
  const int64_t S = config_.image_size;
  expect_shape(pixels, {kAny, 3, S, S}, "clip_vit pixels");
  const auto grid = nn::convolution(pixels, nn::cast_like(patch_embedding, pixels), {},
                                    {.stride = {config_.patch_size, config_.patch_size}});
  const auto patches = grid.flatten(2).transpose(1, 2);  // [N, P, Dv]
  const auto cls = nn::cast_like(class_embedding, pixels).expand({pixels.size(0), 1, -1});
  auto x = at::cat({cls, patches}, 1) + nn::cast_like(position_embedding, pixels);
  x = norm_pre_->forward(x);
  if (tap) tap("after_ln_pre", x);
  for (size_t i = 0; i < layers_->size(); ++i) {
    x = (*layers_)[i]->forward(x);
    if (tap) tap("block." + std::to_string(i), x);
  }
  return x;
}

torch::Tensor ClipVitImpl::forward(const torch::Tensor& pixels) {
  const auto all = tokens(pixels);
  switch (config_.output) {
    case ClipOutput::kAll:
      return all;
    case ClipOutput::kPatches:
      return all.slice(1, 1);
    case ClipOutput::kPatchesNormed:
      return post_norm(all.slice(1, 1));
  }
  TORCH_INTERNAL_ASSERT(false, "output ", static_cast<int>(config_.output));
}

torch::Tensor ClipVitImpl::embed(const torch::Tensor& tokens) const {
  require(!proj_.is_empty(), "clip_vit embed", "expected embed_dim > 0 in the config, got 0");
  expect_shape(tokens, {kAny, kAny, config_.width}, "clip_vit tokens");
  return proj_->forward(post_norm(tokens.select(1, 0)));
}

}  // namespace flamingo::vision
