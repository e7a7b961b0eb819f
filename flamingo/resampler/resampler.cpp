#include "flamingo/resampler/resampler.h"

#include "flamingo/core/checked.h"
#include "flamingo/core/config_limits.h"
#include "flamingo/core/shape.h"
#include "flamingo/nn/attention.h"

namespace flamingo::resampler {
namespace {

NormConfig norm_config(const ResamplerConfig& config) { return {.eps = config.norm_eps}; }

nn::MlpConfig ffw_config(const ResamplerConfig& config) {
  return {.dim = config.width,
          .hidden = config.width * config.ffw_mult,
          .activation = config.activation};
}

struct NamedConfig {
  const char* name;
  ResamplerConfig config;
};

std::vector<NamedConfig> all_presets() {
  // A layer without attention has 0.6 of the parameters: ten are worth six.
  return {{"small", {.depth = 3}},
          {"medium", {}},
          {"large", {.depth = 12}},
          {"transformer", {.kind = ResamplerKind::kTransformer}},
          {"mlp", {.kind = ResamplerKind::kMlp, .depth = 10}}};
}

}  // namespace

void ResamplerConfig::validate() const {
  constexpr std::string_view kWhere = "resampler config";
  require_within(kWhere, "dim", dim, 1, config_limits::kWidth);
  require_within(kWhere, "width", width, 1, config_limits::kWidth);
  require_within(kWhere, "depth", depth, 1, config_limits::kLayers);
  require_within(kWhere, "heads", heads, 1, config_limits::kHeads);
  require_within(kWhere, "head_dim", head_dim, 1, config_limits::kHeadDim);
  require_within(kWhere, "num_latents", num_latents, 1, config_limits::kWidth);
  require_within(kWhere, "num_frames", num_frames, 0, config_limits::kWidth);
  require_within(kWhere, "ffw_mult", ffw_mult, 1, config_limits::kLayers);
  require_within(kWhere, "norm_eps", norm_eps, 0, 1);
}

ResamplerConfig resampler_preset(std::string_view name, int64_t dim) {
  std::string known;
  for (auto& [candidate, config] : all_presets()) {
    known += (known.empty() ? "" : ", ") + std::string(candidate);
    if (name != candidate) continue;
    ResamplerConfig named = config;
    named.dim = dim;
    return named;
  }
  fail("resampler preset", "expected one of {}, got \"{}\"", known, name);
}

std::vector<std::string> resampler_preset_names() {
  std::vector<std::string> names;
  for (const auto& preset : all_presets()) names.emplace_back(preset.name);
  return names;
}

ResamplerConfig openflamingo_resampler(int64_t dim) {
  ResamplerConfig config;
  config.dim = dim;
  config.width = dim;
  config.heads = 8;
  config.head_dim = 64;
  config.num_frames = 0;
  config.activation = Activation::kGelu;
  return config;
}

ResamplerConfig idefics_resampler(int64_t dim) {
  ResamplerConfig config = openflamingo_resampler(dim);
  config.heads = 16;
  config.head_dim = 96;
  config.activation = Activation::kRelu;
  config.qk_norm = true;
  return config;
}

ResamplerAttentionImpl::ResamplerAttentionImpl(const ResamplerConfig& config,
                                               const torch::TensorOptions& options)
    : head_dim_(config.head_dim),
      norm_media_(config.kind == ResamplerKind::kTransformer
                      ? nn::Norm(nullptr)
                      : register_module("norm_media",
                                        nn::Norm(config.width, norm_config(config), options))),
      norm_latents_(
          register_module("norm_latents", nn::Norm(config.width, norm_config(config), options))),
      to_q_(register_module(
          "to_q", nn::Linear(config.width, config.heads * config.head_dim, false, options))),
      to_kv_(register_module(
          "to_kv", nn::Linear(config.width, 2 * config.heads * config.head_dim, false, options))),
      to_out_(register_module(
          "to_out", nn::Linear(config.heads * config.head_dim, config.width, false, options))) {
  if (!config.qk_norm) return;
  q_norm_ = register_module("q_norm", nn::Norm(config.head_dim, norm_config(config), options));
  k_norm_ = register_module("k_norm", nn::Norm(config.head_dim, norm_config(config), options));
}

torch::Tensor ResamplerAttentionImpl::split_heads(const torch::Tensor& x) const {
  return x.unflatten(2, {-1, head_dim_}).transpose(1, 2);  // [N, H, L, Dh]
}

torch::Tensor ResamplerAttentionImpl::forward(const torch::Tensor& media,
                                              const torch::Tensor& latents) const {
  const auto queries = norm_latents_->forward(latents);
  const auto keys = norm_media_ ? at::cat({norm_media_->forward(media), queries}, 1) : queries;
  const auto kv = to_kv_->forward(keys).chunk(2, -1);
  auto q = split_heads(to_q_->forward(queries));  // [N, H, R, Dh]
  auto k = split_heads(kv[0]);                    // [N, H, S + R, Dh]
  if (q_norm_) q = q_norm_->forward(q);
  if (k_norm_) k = k_norm_->forward(k);
  const auto read = nn::attention(q, k, split_heads(kv[1]));  // [N, H, R, Dh]
  return to_out_->forward(read.transpose(1, 2).flatten(2));
}

ResamplerLayerImpl::ResamplerLayerImpl(const ResamplerConfig& config,
                                       const torch::TensorOptions& options)
    : attention_(config.kind == ResamplerKind::kMlp
                     ? ResamplerAttention(nullptr)
                     : register_module("attention", ResamplerAttention(config, options))),
      norm_ffw_(register_module("norm_ffw", nn::Norm(config.width, norm_config(config), options))),
      ffw_(register_module("ffw", nn::Mlp(ffw_config(config), options))) {}

torch::Tensor ResamplerLayerImpl::forward(const torch::Tensor& media,
                                          const torch::Tensor& x) const {
  const auto y = attention_ ? x + attention_->forward(media, x) : x;
  return y + ffw_->forward(norm_ffw_->forward(y));
}

ResamplerImpl::ResamplerImpl(const ResamplerConfig& config, const torch::TensorOptions& options)
    : config_((config.validate(), config)),
      layers_(register_module("layers", nn::make_typed_list<ResamplerLayer>())),
      norm_(register_module("norm", nn::Norm(config.width, norm_config(config), options))) {
  if (config.kind != ResamplerKind::kMlp) {
    latents =
        register_parameter("latents", torch::empty({config.num_latents, config.width}, options));
  }
  if (config.num_frames > 0) {
    time_embeddings = register_parameter("time_embeddings",
                                         torch::empty({config.num_frames, config.width}, options));
  }
  if (config.dim != config.width) {
    input_proj_ =
        register_module("input_proj", nn::Linear(config.dim, config.width, false, options));
  }
  for (int64_t i = 0; i < config.depth; ++i) layers_->append(ResamplerLayer(config, options));
}

torch::Tensor ResamplerImpl::time_embedding(int64_t num_frames) const {
  require(time_embeddings.defined(), "resampler", "expected num_frames > 0 in its config, got 0");
  require(num_frames > 0, "resampler", "expected at least one frame, got {}", num_frames);
  const int64_t rows = time_embeddings.size(0);
  if (num_frames == rows) return time_embeddings;
  const auto position = num_frames == 1
                            ? torch::zeros({1}, time_embeddings.options().dtype(torch::kFloat32))
                            : torch::linspace(0, static_cast<double>(rows - 1), num_frames,
                                              time_embeddings.options().dtype(torch::kFloat32));
  const auto low = position.floor().clamp_max(static_cast<double>(rows - 1));
  const auto low_index = low.to(torch::kInt64);
  const auto high_index = (low_index + 1).clamp_max(rows - 1);
  const auto share = nn::cast_like((position - low).unsqueeze(1), time_embeddings);  // [F, 1]
  return at::lerp(time_embeddings.index_select(0, low_index),
                  time_embeddings.index_select(0, high_index), share);
}

torch::Tensor ResamplerImpl::compress(const torch::Tensor& media) const {
  if (config_.kind == ResamplerKind::kMlp) {
    auto x = media;
    for (const auto& layer : *layers_) x = layer->forward({}, x);
    return at::adaptive_avg_pool1d(x.transpose(1, 2), config_.num_latents).transpose(1, 2);
  }
  const auto start = nn::cast_like(latents, media).expand({media.size(0), -1, -1});
  const bool one_sequence = config_.kind == ResamplerKind::kTransformer;
  auto x = one_sequence ? at::cat({media, start}, 1) : start;
  for (const auto& layer : *layers_) x = layer->forward(media, x);
  return one_sequence ? x.narrow(1, media.size(1), config_.num_latents) : x;
}

torch::Tensor ResamplerImpl::forward(const torch::Tensor& features) const {
  expect_shape(features, {kAny, kAny, kAny, kAny, config_.dim}, "resampler features");
  const int64_t B = features.size(0), M = features.size(1), F = features.size(2);
  require(F > 0, "resampler features", "expected at least one frame, got 0");
  auto media = features.flatten(0, 1);  // [B M, F, P, Dv]
  if (input_proj_) media = input_proj_->forward(media);
  if (time_embeddings.defined()) {
    media = media + nn::cast_like(time_embedding(F).unsqueeze(1), media);
  }
  media = media.flatten(1, 2);                                  // [B M, F P, Dr]
  return norm_->forward(compress(media)).unflatten(0, {B, M});  // [B, M, R, Dr]
}

}  // namespace flamingo::resampler
