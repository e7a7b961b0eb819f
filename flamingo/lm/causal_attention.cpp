#include "flamingo/lm/causal_attention.h"

#include <cmath>

#include "flamingo/nn/attention.h"
#include "flamingo/nn/product.h"

namespace flamingo::lm {

CausalAttentionImpl::CausalAttentionImpl(const DecoderConfig& config,
                                         const torch::TensorOptions& options)
    : qkv_proj(register_module(
          "qkv_proj",
          nn::Linear(config.dim, (config.num_heads + 2 * config.num_kv_heads) * config.head_dim,
                     config.attention_bias, options))),
      o_proj(register_module("o_proj", nn::Linear(config.num_heads * config.head_dim, config.dim,
                                                  config.attention_bias, options))),
      config_(config) {
  if (config.position != PositionKind::kRelative) return;
  const int64_t width = config.num_heads * config.head_dim;
  r_proj = register_module("r_proj", nn::Linear(config.dim, width, false, options));
  const auto zeros = [&] { return torch::zeros({config.num_heads, config.head_dim}, options); };
  r_w_bias = register_parameter("r_w_bias", zeros());
  r_r_bias = register_parameter("r_r_bias", zeros());
}

torch::Tensor CausalAttentionImpl::forward(const torch::Tensor& x, const BlockContext& context,
                                           KvCache* cache, size_t layer) const {
  const int64_t B = x.size(0), T = x.size(1), Dh = config_.head_dim;
  const int64_t H = o_proj->weight.size(1) / Dh;  // all heads, or this process's
  const int64_t kv_heads = (qkv_proj->weight.size(0) / Dh - H) / 2;
  const auto qkv = qkv_proj->forward(x).view({B, T, H + 2 * kv_heads, Dh});
  const auto parts = qkv.split_with_sizes({H, kv_heads, kv_heads}, 2);
  const auto turned = [&](const torch::Tensor& heads) {  // [B, T, h, Dh] -> [B, h, T, Dh]
    return config_.position == PositionKind::kRotary ? nn::rotate_heads(heads, context.rotary)
                                                     : heads.transpose(1, 2);
  };
  auto q = turned(parts[0]);
  KeyValues kv{turned(parts[1]), parts[2].transpose(1, 2)};
  if (cache) kv = cache->append(layer, kv);
  auto bias = context.bias;
  if (config_.position == PositionKind::kRelative) {
    bias = relative_bias(q, context);
    q = q + nn::cast_like(r_w_bias, q).unsqueeze(1);
  }
  const auto out =
      nn::attention(q, kv.keys, kv.values, bias, nn::KeyRange::kCausal);  // [B, H, T, Dh]
  return o_proj->forward(out.transpose(1, 2).reshape({B, T, H * Dh}));
}

torch::Tensor CausalAttentionImpl::relative_bias(const torch::Tensor& q,
                                                 const BlockContext& context) const {
  const int64_t B = q.size(0), H = q.size(1), T = q.size(2), Dh = q.size(3);
  const int64_t S = context.sinusoids.size(0);
  const auto r =
      r_proj->forward(nn::cast_like(context.sinusoids, q)).view({S, H, Dh}).permute({1, 2, 0});
  const auto by_distance = nn::matrix_product(q + nn::cast_like(r_r_bias, q).unsqueeze(1),
                                              r.expand({B, H, Dh, S}));  // [B, H, T, S]
  const auto scores =
      by_distance.gather(-1, context.distances.expand({B, H, T, S})).to(at::kFloat) *
      (1.0 / std::sqrt(static_cast<double>(Dh)));
  return context.bias.defined() ? scores + context.bias : scores;
}

}  // namespace flamingo::lm
