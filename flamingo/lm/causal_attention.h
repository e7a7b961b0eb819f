#pragma once

#include "flamingo/lm/decoder_config.h"
#include "flamingo/lm/kv_cache.h"
#include "flamingo/nn/linear.h"
#include "flamingo/nn/rotary.h"

namespace flamingo::lm {

/// What all blocks of one forward share, computed once.
struct BlockContext {
  nn::RotaryTable rotary;  ///< kRotary only
  at::Tensor bias;       ///< [B or 1, 1, T, S] in fp32, 0 or -inf; undefined: every key is visible
  at::Tensor sinusoids;  ///< kRelative only: [S, D] for distances 0 .. S - 1
  at::Tensor distances;  ///< kRelative only: [T, S] int64, query index - key index, at least 0
};

/// Grouped-query self-attention, causal through context.bias.
class CausalAttentionImpl : public torch::nn::Module {
 public:
  CausalAttentionImpl(const DecoderConfig& config, const torch::TensorOptions& options);

  /// x [B, T, D] (normed) -> [B, T, D]. With a cache, keys and values of block `layer` enter it.
  torch::Tensor forward(const torch::Tensor& x, const BlockContext& context, KvCache* cache,
                        size_t layer) const;

  nn::Linear qkv_proj;  ///< rows of q, then k, then v
  nn::Linear o_proj;
  nn::Linear r_proj{nullptr};        ///< kRelative only: projection of the sinusoids, [H * Dh, D]
  torch::Tensor r_w_bias, r_r_bias;  ///< kRelative only: [H, Dh], added to q for content, position

 private:
  /// q [B, H, T, Dh] -> position scores (q + r_r_bias) r^T / sqrt(Dh) of every query and key, plus
  /// the mask: [B, H, T, S], a bias for attention().
  torch::Tensor relative_bias(const torch::Tensor& q, const BlockContext& context) const;

  DecoderConfig config_;
};
TORCH_MODULE(CausalAttention);

}  // namespace flamingo::lm
