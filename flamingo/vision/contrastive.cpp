#include "flamingo/vision/contrastive.h"

#include <torch/types.h>

#include <cmath>

#include "flamingo/core/checked.h"
#include "flamingo/core/config_limits.h"
#include "flamingo/core/shape.h"

namespace flamingo::vision {
namespace {

constexpr double kMasked = -1e9;  // softmax weight 0, and no NaN where a whole row is masked
constexpr double kMinNorm = 1e-6;

torch::Tensor unit_length(const torch::Tensor& x) {
  const auto x32 = x.to(torch::kFloat32);
  return x32 / x32.norm(2, -1, true).clamp_min(kMinNorm);
}

// What the text tower may be at most: far above CLIP's largest, far below what overflows.
constexpr int64_t kMaxTextWidth = 1 << 14;
constexpr int64_t kMaxMlpMult = 64;
constexpr int64_t kMaxCaption = 1 << 14;

}  // namespace

void ContrastiveConfig::validate() const {
  constexpr std::string_view kWhere = "contrastive";
  require_within(kWhere, "embed_dim", embed_dim, 1, kMaxTextWidth);
  require_within(kWhere, "text_width", text_width, 1, kMaxTextWidth);
  require_within(kWhere, "text_layers", text_layers, 0, config_limits::kLayers);
  require_within(kWhere, "text_heads", text_heads, 1, config_limits::kHeads);
  require_within(kWhere, "text_mlp_mult", text_mlp_mult, 1, kMaxMlpMult);
  require_within(kWhere, "max_tokens", max_tokens, 1, kMaxCaption);
  require(label_smoothing >= 0 && label_smoothing < 1, kWhere,
          "expected label_smoothing in [0, 1), got {}", label_smoothing);
  require(temperature > 0 && max_beta > 0 && view_weight >= 0, kWhere,
          "expected temperature and max_beta > 0 and view_weight >= 0, got {}, {} and {}",
          temperature, max_beta, view_weight);
}

TextEncoderImpl::TextEncoderImpl(const ContrastiveConfig& config, int64_t token_dim,
                                 const torch::TensorOptions& options)
    : position_embedding(register_parameter(
          "position_embedding", torch::empty({config.max_tokens, config.text_width}, options))),
      input_proj_(
          register_module("input_proj", nn::Linear(token_dim, config.text_width, true, options))),
      layers_(register_module("layers", nn::make_typed_list<nn::TransformerLayer>())),
      norm_(register_module("norm", nn::Norm(config.text_width, NormConfig{}, options))),
      proj_(register_module("proj",
                            nn::Linear(config.text_width, config.embed_dim, false, options))) {
  const nn::TransformerLayerConfig layer{.width = config.text_width,
                                         .heads = config.text_heads,
                                         .mlp_width = config.text_width * config.text_mlp_mult};
  for (int64_t i = 0; i < config.text_layers; ++i) {
    layers_->append(nn::TransformerLayer(layer, options));
  }
}

torch::Tensor TextEncoderImpl::forward(const torch::Tensor& tokens,
                                       const torch::Tensor& mask) const {
  expect_shape(tokens, {kAny, kAny, kAny}, "text tokens");
  const int64_t N = tokens.size(0), T = tokens.size(1);
  expect_shape(mask, {N, T}, "text mask");
  require(T <= position_embedding.size(0), "text encoder", "expected at most {} tokens, got {}",
          position_embedding.size(0), T);
  const auto bias = (mask == 0).to(torch::kFloat32).mul(kMasked).view({N, 1, 1, T});
  auto x = input_proj_->forward(tokens);
  x = x + nn::cast_like(position_embedding.slice(0, 0, T), x);
  for (const auto& layer : *layers_) x = layer->forward(x, bias);
  x = norm_->forward(x);
  const auto weight = mask.to(x.scalar_type()).unsqueeze(-1);  // [N, T, 1]
  const auto mean = (x * weight).sum(1) / mask.sum(1, true).clamp_min(1).to(x.scalar_type());
  return proj_->forward(mean);
}

ContrastiveImpl::ContrastiveImpl(const ContrastiveConfig& config, int64_t visual_dim,
                                 int64_t token_dim, const torch::TensorOptions& options)
    : log_beta(register_parameter("log_beta", torch::empty({}, options))),
      config_((config.validate(), config)),
      image_proj_(
          register_module("image_proj", nn::Linear(visual_dim, config.embed_dim, false, options))),
      text_(register_module("text", TextEncoder(config, token_dim, options))) {}

void ContrastiveImpl::init_own() { log_beta.fill_(-std::log(config_.temperature)); }

torch::Tensor ContrastiveImpl::beta() const { return log_beta.exp().clamp_max(config_.max_beta); }

torch::Tensor ContrastiveImpl::embed_images(const torch::Tensor& features) const {
  expect_shape(features, {kAny, kAny, image_proj_->weight.size(1)}, "contrastive features");
  return unit_length(image_proj_->forward(features.mean(1)));
}

torch::Tensor ContrastiveImpl::embed_texts(const torch::Tensor& ids, const torch::Tensor& mask,
                                           const torch::Tensor& token_table) const {
  expect_shape(ids, {kAny, kAny}, "contrastive ids");
  expect_shape(token_table, {kAny, kAny}, "contrastive token table");
  return unit_length(text_->forward(at::embedding(token_table, ids), mask));
}

torch::Tensor soft_cross_entropy(const torch::Tensor& logits, const torch::Tensor& positives,
                                 const torch::Tensor& candidates, double smoothing) {
  const auto allowed = candidates.defined() ? candidates : at::ones_like(positives);
  const auto log_p = at::log_softmax(logits.masked_fill(allowed.logical_not(), kMasked), 1);
  const auto even = [](const torch::Tensor& members) {
    const auto weight = members.to(torch::kFloat32);
    return weight / weight.sum(1, true).clamp_min(1);
  };
  const auto target = even(positives) * (1 - smoothing) + even(allowed) * smoothing;
  const auto row_counts = positives.any(1).to(torch::kFloat32);  // [A]
  const auto row_loss = -(target * log_p).sum(1);
  return (row_loss * row_counts).sum() / row_counts.sum().clamp_min(1);
}

ContrastiveLoss ContrastiveImpl::loss(const ContrastiveBatch& batch) const {
  const int64_t E = config_.embed_dim;
  expect_shape(batch.images, {kAny, E}, "contrastive images");
  expect_shape(batch.texts, {kAny, E}, "contrastive texts");
  expect_shape(batch.image_concepts, {batch.images.size(0)}, "contrastive image concepts");
  expect_shape(batch.text_concepts, {batch.texts.size(0)}, "contrastive text concepts");
  const auto scale = beta();
  const auto logits = at::matmul(batch.images, batch.texts.t()) * scale;  // [Ni, Nt]
  const auto same = batch.image_concepts.unsqueeze(1) == batch.text_concepts.unsqueeze(0);
  const double smoothing = config_.label_smoothing;
  ContrastiveLoss loss;
  loss.image_to_text = soft_cross_entropy(logits, same, {}, smoothing);
  loss.text_to_image = soft_cross_entropy(logits.t(), same.t(), {}, smoothing);
  loss.total = loss.image_to_text + loss.text_to_image;
  if (config_.view_weight == 0) return loss;
  const auto views = at::matmul(batch.images, batch.images.t()) * scale;  // [Ni, Ni]
  const auto others = at::eye(views.size(0), same.options()).logical_not();
  const auto twins =
      (batch.image_concepts.unsqueeze(1) == batch.image_concepts.unsqueeze(0)).logical_and(others);
  loss.views = soft_cross_entropy(views, twins, others, smoothing);
  loss.total = loss.total + config_.view_weight * loss.views;
  return loss;
}

}  // namespace flamingo::vision
