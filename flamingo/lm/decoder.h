#pragma once

#include "flamingo/lm/decoder_block.h"
#include "flamingo/lm/decoder_config.h"
#include "flamingo/lm/decoupled_vocab.h"
#include "flamingo/lm/kv_cache.h"
#include "flamingo/nn/typed_list.h"

namespace flamingo::lm {

/// Element types and device of a model's two kinds of weights.
struct WeightOptions {
  torch::TensorOptions frozen;   ///< weights that are only read; their type is the compute type
  torch::TensorOptions trained;  ///< fp32 masters in training, cast down per use

  /// Frozen weights and arithmetic in `compute`, trained weights in `trained`, all on `device`.
  static WeightOptions of(torch::ScalarType compute, torch::Device device = torch::kCPU,
                          torch::ScalarType trained = torch::kFloat32);
};

/// A decoder-only language model, taken apart so that layers can be put between its blocks:
///
///   ids -> embed -> [ layers[0] ] -> [ layers[1] ] -> ... -> norm -> logits
///
/// Keys (LLaMA's published names, with q, k, v and gate, up stacked at load):
///   embed_tokens.{weight, additional_embedding.weight}, layers.{n}.{input_layernorm,
///   self_attn.{qkv_proj, o_proj}, post_attention_layernorm, mlp.{up_proj, down_proj}}, norm,
///   lm_head.{weight, additional_fc.weight}.
class DecoderImpl : public torch::nn::Module {
 public:
  /// Throws Error when config.validate() does.
  DecoderImpl(const DecoderConfig& config, const WeightOptions& options);

  /// ids [B, T] -> hidden [B, T, D] in the compute type. Throws Error on an id out of range.
  torch::Tensor embed(const torch::Tensor& ids) const;

  /// What all blocks share for T new tokens: positions and mask. `attention_mask` [B, T] (1 token,
  /// 0 left padding) may be undefined (all 1); `cache` may be null. Advances nothing.
  /// Throws Error when the context would pass config.max_positions.
  BlockContext context(const torch::Tensor& ids, const torch::Tensor& attention_mask,
                       const KvCache* cache) const;

  /// ids [B, T] -> hidden [B, T, D] after the last norm; the language model alone.
  /// `cache`, if any, is appended to and advanced.
  torch::Tensor forward_hidden(const torch::Tensor& ids, const torch::Tensor& attention_mask = {},
                               KvCache* cache = nullptr) const;

  /// hidden [..., D] (after the last norm) -> logits [..., V + A], same type.
  torch::Tensor logits(const torch::Tensor& hidden) const;
  /// The same as [..., V] and, where A > 0, [..., A], for token_loss.
  std::vector<torch::Tensor> logit_parts(const torch::Tensor& hidden) const;

  /// ids [B, T] -> logits [B, T, V + A].
  torch::Tensor forward(const torch::Tensor& ids, const torch::Tensor& attention_mask = {},
                        KvCache* cache = nullptr) const;

  const DecoderConfig& config() const { return config_; }
  /// Type of the hidden states and of all arithmetic but norms and softmax.
  torch::ScalarType compute_type() const { return compute_type_; }
  torch::Device device() const { return embed_tokens->weight.device(); }

  DecoupledEmbedding embed_tokens;
  nn::TypedList<DecoderBlock> layers;
  nn::Norm norm;
  DecoupledHead lm_head;

 private:
  DecoderConfig config_;
  torch::ScalarType compute_type_;
};
TORCH_MODULE(Decoder);

}  // namespace flamingo::lm
