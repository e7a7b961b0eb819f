#pragma once

#include <cstdint>
#include <memory>
#include <optional>
#include <span>
#include <vector>

#include "flamingo/core/layer_config.h"
#include "flamingo/kernels/kernels.h"
#include "flamingo/kernels/packed_matrix.h"
#include "flamingo/kernels/thread_pool.h"

namespace flamingo::decode {

/// Weights are shared with whoever computes the prefill from them.
using SharedMatrix = std::shared_ptr<const kernels::PackedMatrix>;

/// A normalisation of [D]: weight * x / rms(x), or with the mean removed and a bias.
struct NormWeights {
  std::vector<float> weight;  ///< [D]
  std::vector<float> bias;    ///< [D], or empty
  NormConfig config;
};

/// A feed-forward block of inner width F: down(activation(up x)), or with a gate
/// down(activation(gate x) * (up x)).
struct FeedForwardWeights {
  NormWeights norm;
  Activation activation = Activation::kSilu;
  SharedMatrix gate;  ///< [F, D], or none
  SharedMatrix up;    ///< [F, D]
  SharedMatrix down;  ///< [D, F]
};

/// One LLaMA block: x += o(attention(norm(x))); x += ffw(norm(x)).
struct DecoderBlockWeights {
  NormWeights norm;
  SharedMatrix query;   ///< [heads Dh, D]
  SharedMatrix key;     ///< [kv_heads Dh, D]
  SharedMatrix value;   ///< [kv_heads Dh, D]
  SharedMatrix output;  ///< [D, heads Dh]
  FeedForwardWeights ffw;
};

/// One gated cross-attention block (paper section 2.2), run before the LM block `before_block`:
///   x += attention_gate * o(attention(norm(x), media)); x += ffw_gate * ffw(norm(x)).
struct CrossBlockWeights {
  int64_t before_block = 0;
  NormWeights norm;
  SharedMatrix query;                 ///< [H Dh, D]
  SharedMatrix output;                ///< [D, H Dh]
  int64_t heads = 8;                  ///< H
  NormWeights query_norm;             ///< [Dh] of each head's query; without weight: none
  std::vector<float> attention_gate;  ///< tanh(alpha): [1] or [D]
  FeedForwardWeights ffw;
  std::vector<float> ffw_gate;  ///< tanh(beta): [1] or [D]
};

/// A whole decoder LM with its cross-attention blocks. Features i and i + Dh / 2 of a head are
/// rotated together, as in nn::rotate_heads.
struct FusedDecoderWeights {
  int64_t dim = 0;                         ///< D
  int64_t heads = 0;                       ///< query heads of the LM's attention
  int64_t kv_heads = 0;                    ///< divides heads
  int64_t head_dim = 0;                    ///< Dh, even
  std::vector<float> inverse_frequencies;  ///< [Dh / 2], radians per position
  float rotary_magnitude = 1.0f;           ///< factor of cosines and sines
  std::vector<DecoderBlockWeights> blocks;
  std::vector<CrossBlockWeights> cross_blocks;  ///< by ascending before_block
  NormWeights final_norm;
  SharedMatrix head;        ///< [V, D]
  SharedMatrix extra_head;  ///< [A, D] of rows added to the vocabulary, or none
};

/// Keys or values of one block, float32 or bfloat16, owned by the caller.
struct KvCacheView {
  kernels::BlockType type = kernels::BlockType::kF32;  ///< kF32 or kBF16
  std::byte* keys = nullptr;    ///< [kv_heads, capacity, Dh], rotated by their positions
  std::byte* values = nullptr;  ///< [kv_heads, capacity, Dh]
  int64_t capacity = 0;
};

/// Keys and values of what the token sees for one cross-attention block: one image, or several
/// one after the other.
struct MediaView {
  kernels::BlockType type = kernels::BlockType::kF32;  ///< kF32 or kBF16
  const std::byte* keys = nullptr;    ///< [H, latents, Dh], normalised if the block does that
  const std::byte* values = nullptr;  ///< [H, latents, Dh]
  int64_t latents = 0;                ///< in all; 0: no image before this token, attention gives 0
};

/// What one step reads and writes.
struct DecodeStep {
  std::span<const float> embedding;    ///< [D] of the new token
  int64_t position = 0;                ///< of the new token; the cache holds those before it
  std::span<const KvCacheView> cache;  ///< one per block; row `position` is written
  std::span<const MediaView> media;    ///< one per cross block
  std::span<float> hidden;             ///< [D] after the last block, before the norm; or empty
  std::span<float> logits;             ///< [V + A], or empty: the head is skipped
};

struct StepScratch;

/// Computes one token at a time, five short parallel loops a block:
///
///   norm | q k v | rotate, append | attention | o, add | norm | gate, up, act | down, add
///          =====                    =========   ======          =============   =========
///
/// Weights are streamed once; everything else stays in cache. Not for several threads at once: it
/// owns its scratch memory.
class FusedDecoder {
 public:
  /// Throws Error when a matrix, norm or gate has the wrong shape. `pool` must outlive this object.
  FusedDecoder(FusedDecoderWeights weights, kernels::InputMode input_mode,
               kernels::ThreadPool& pool,
               const kernels::Kernels& kernels = kernels::best_kernels());
  ~FusedDecoder();
  FusedDecoder(FusedDecoder&&) noexcept;

  const FusedDecoderWeights& weights() const { return weights_; }
  /// Bytes of weights that one step with logits reads.
  int64_t weight_bytes() const;

  /// Throws Error when a span, cache or position does not fit.
  void step(const DecodeStep& step);

 private:
  void check(const DecodeStep& step) const;

  FusedDecoderWeights weights_;
  kernels::InputMode input_mode_;
  kernels::ThreadPool* pool_;
  const kernels::Kernels* kernels_;
  std::unique_ptr<StepScratch> scratch_;
};

}  // namespace flamingo::decode
