#include "flamingo/lm/gated_xattn.h"

#include "flamingo/core/checked.h"
#include "flamingo/core/config_limits.h"
#include "flamingo/core/shape.h"
#include "flamingo/nn/attention.h"

namespace flamingo::lm {
namespace {

constexpr const char* kXattnWhere = "GatedXattnConfig";

/// Heads are normed without a mean, whatever the other norms are.
NormConfig head_norm(const GatedXattnConfig& config) {
  return {.kind = NormKind::kRmsNorm, .eps = config.norm.eps};
}

/// x [N, L, H * Dh] -> [N, H, L, Dh]
torch::Tensor split_heads(const torch::Tensor& x, int64_t head_dim) {
  return x.unflatten(-1, {-1, head_dim}).transpose(1, 2);
}

/// Keys or values [B, M, R, H * Dh] -> those that each group sees [G, W * R, H * Dh].
torch::Tensor of_groups(const torch::Tensor& media, const MediaPlan& plan) {
  return media.flatten(0, 1)
      .index_select(0, plan.media)
      .view({plan.num_groups, -1, media.size(-1)});
}

/// The plan's bias of images as one of R latents each, [G, 1, 1, W * R]; undefined when it is.
torch::Tensor latent_bias(const MediaPlan& plan, int64_t latents) {
  if (!plan.media_bias.defined()) return {};
  return plan.media_bias.repeat_interleave(latents, 1).unsqueeze(1).unsqueeze(1);
}

/// tanh(alpha) * x, or x where there is no gate.
torch::Tensor gated(const torch::Tensor& alpha, const torch::Tensor& x) {
  return alpha.defined() ? nn::cast_like(alpha.tanh(), x) * x : x;
}

torch::Tensor select_defined(const torch::Tensor& rows, const torch::Tensor& index) {
  return index.defined() ? rows.index_select(0, index) : rows;
}

}  // namespace

bool GatedXattnConfig::at_block(int64_t n) const {
  if (form == XattnForm::kGrafting || n < first) return false;
  return n == first || (every > 0 && (n - first) % every == 0);
}

int64_t GatedXattnConfig::count(int64_t num_blocks) const {
  if (form == XattnForm::kGrafting) return graft_depth;
  if (num_blocks <= first) return 0;
  return every == 0 ? 1 : (num_blocks - first - 1) / every + 1;
}

void GatedXattnConfig::validate() const {
  require_within(kXattnWhere, "first", first, 0, config_limits::kLayers);
  require_within(kXattnWhere, "every", every, 0, config_limits::kLayers);
  require_within(kXattnWhere, "graft_depth", graft_depth, 1, config_limits::kLayers);
  require_within(kXattnWhere, "num_heads", num_heads, 1, config_limits::kHeads);
  require_within(kXattnWhere, "head_dim", head_dim, 1, config_limits::kHeadDim);
  require_within(kXattnWhere, "ffw_dim", ffw_dim, 1, config_limits::kFfwWidth);
  require_within(kXattnWhere, "norm.eps", norm.eps, 0, 1);
  require_within(kXattnWhere, "gate_init", gate_init, -100, 100);
  require(gate != GateKind::kNone || !vector_gates, kXattnWhere,
          "expected vector_gates only with gates, got gate none");
}

GatedXattnImpl::GatedXattnImpl(const GatedXattnConfig& config, const XattnWidths& widths,
                               const torch::TensorOptions& options)
    : norm(register_module("norm", nn::Norm(widths.dim, config.norm, options))),
      to_q(register_module(
          "to_q", nn::Linear(widths.dim, config.num_heads * config.head_dim, false, options))),
      to_kv(register_module(
          "to_kv",
          nn::Linear(widths.media_dim, 2 * config.num_heads * config.head_dim, false, options))),
      to_out(register_module(
          "to_out", nn::Linear(config.num_heads * config.head_dim, widths.dim, false, options))),
      config_(config) {
  const bool dense = config.form != XattnForm::kVanilla;
  if (dense) {
    norm_ffw = register_module("norm_ffw", nn::Norm(widths.dim, config.norm, options));
    ffw = register_module("ffw", nn::Mlp(nn::MlpConfig{.dim = widths.dim,
                                                       .hidden = config.ffw_dim,
                                                       .activation = config.activation,
                                                       .gated = config.gated_ffw,
                                                       .bias = false},
                                         options));
  }
  if (config.norm_media) {
    norm_media = register_module("norm_media", nn::Norm(widths.media_dim, config.norm, options));
  }
  if (config.qk_norm) {
    q_norm = register_module("q_norm", nn::Norm(config.head_dim, head_norm(config), options));
    k_norm = register_module("k_norm", nn::Norm(config.head_dim, head_norm(config), options));
  }
  if (config.gate == GateKind::kNone) return;
  const auto gate = [&] { return torch::empty({config.vector_gates ? widths.dim : 1}, options); };
  alpha_xattn = register_parameter("alpha_xattn", gate());
  if (dense) alpha_dense = register_parameter("alpha_dense", gate());
  init_own();
}

void GatedXattnImpl::init_own() {
  const torch::NoGradGuard no_grad;
  if (alpha_xattn.defined()) alpha_xattn.fill_(config_.gate_init);
  if (alpha_dense.defined()) alpha_dense.fill_(config_.gate_init);
}

KeyValues GatedXattnImpl::encode_media(const torch::Tensor& media) const {
  expect_shape(media, {kAny, kAny, kAny, to_kv->weight.size(1)}, "media");
  const auto kv = to_kv->forward(norm_media ? norm_media->forward(media) : media).chunk(2, -1);
  if (!k_norm) return {kv[0], kv[1]};
  return {k_norm->forward(kv[0].unflatten(-1, {-1, config_.head_dim})).flatten(-2), kv[1]};
}

torch::Tensor GatedXattnImpl::forward(const torch::Tensor& y, const KeyValues& media,
                                      const MediaPlan& plan) const {
  auto z = y;
  if (plan.num_visible > 0) z = z + gated(alpha_xattn, attend(y, media, plan));
  return ffw ? z + gated(alpha_dense, ffw->forward(norm_ffw->forward(z))) : z;
}

torch::Tensor GatedXattnImpl::attend(const torch::Tensor& y, const KeyValues& media,
                                     const MediaPlan& plan) const {
  expect_shape(y, {kAny, kAny, to_q->weight.size(1)}, "y");
  require(y.size(0) * y.size(1) == plan.num_tokens, "GatedXattn",
          "expected y with {} tokens, got {}", plan.num_tokens, y.sizes());
  if (plan.num_visible == 0) return torch::zeros_like(y);
  const int64_t Dh = config_.head_dim;
  const auto flat = y.flatten(0, 1);
  const auto visible = plan.in_order ? flat : flat.index_select(0, plan.tokens);  // [Nv, D]
  auto q = to_q->forward(norm->forward(visible));                                 // [Nv, H * Dh]
  if (q_norm) q = q_norm->forward(q.unflatten(-1, {-1, Dh})).flatten(-2);
  const auto slots = select_defined(q, plan.slot_tokens)
                         .view({plan.num_groups, plan.group_size, -1});  // [G, L, H * Dh]
  const auto keys = of_groups(media.keys, plan), values = of_groups(media.values, plan);
  const auto out = nn::attention(split_heads(slots, Dh), split_heads(keys, Dh),
                                 split_heads(values, Dh), latent_bias(plan, media.keys.size(2)))
                       .transpose(1, 2)
                       .flatten(2)
                       .flatten(0, 1);                                       // [G * L, H * Dh]
  const auto rows = to_out->forward(select_defined(out, plan.token_slots));  // [Nv, D]
  if (plan.in_order) return rows.view_as(y);
  return torch::zeros_like(flat).index_copy(0, plan.tokens, rows).view_as(y);
}

}  // namespace flamingo::lm
