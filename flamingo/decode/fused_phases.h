#pragma once

#include <cstdint>
#include <span>
#include <vector>

#include "flamingo/decode/fused_decoder.h"

namespace flamingo::decode {

/// All memory of a fused step. `inner` is the widest input of any product.
struct StepScratch {
  std::vector<float> hidden;               ///< [D] the residual stream
  std::vector<float> update;               ///< [D] what a projection adds to it
  std::vector<float> query;                ///< [inner]
  std::vector<float> key;                  ///< [kv_heads Dh]
  std::vector<float> value;                ///< [kv_heads Dh]
  std::vector<float> context;              ///< [inner] attention's output, before its projection
  std::vector<float> inner;                ///< [inner] feed-forward activations
  std::vector<float> up;                   ///< [inner] the second product of SwiGLU
  kernels::InputBuffer input;              ///< of the product in progress
  std::vector<float> cosine;               ///< [Dh / 2] of the step's position
  std::vector<float> sine;                 ///< [Dh / 2]
  std::vector<std::vector<float>> scores;  ///< one a thread: [longest attention]

  void resize(const FusedDecoderWeights& weights, int threads);
};

/// A matrix and where its product goes.
struct Projection {
  const kernels::PackedMatrix* matrix = nullptr;
  float* y = nullptr;
};

/// The parts of FusedDecoder::step. The calling thread runs them one after the other; products and
/// attention are loops of the pool.
class Phases {
 public:
  Phases(kernels::ThreadPool& pool, const kernels::Kernels& kernels, kernels::InputMode input_mode,
         StepScratch& scratch)
      : pool_(pool), kernels_(kernels), input_mode_(input_mode), scratch_(scratch) {}

  /// Computes the rotation of this step's position.
  void start(const FusedDecoderWeights& weights, int64_t position);
  void block(const FusedDecoderWeights& weights, const DecoderBlockWeights& block,
             const KvCacheView& cache, int64_t position);
  void cross_block(const CrossBlockWeights& block, const MediaView& media);
  /// logits [V + A] = heads norm(hidden).
  void head(const FusedDecoderWeights& weights, float* logits);

 private:
  /// One head's attention over `count` rows of keys and values.
  struct HeadAttention {
    kernels::BlockType type;
    const std::byte* keys;    ///< [count, width]
    const std::byte* values;  ///< [count, width]
    int64_t count;
    int64_t width;
  };

  void normalise(const NormWeights& norm);
  void set_input(const std::vector<float>& values, int64_t count);
  void project(std::span<const Projection> projections);
  void add_projection(const kernels::PackedMatrix& matrix, std::span<const float> gate);
  void feed_forward(const FeedForwardWeights& ffw, std::span<const float> gate);
  void append(const FusedDecoderWeights& weights, const KvCacheView& cache, int64_t position);
  void self_attention(const FusedDecoderWeights& weights, const KvCacheView& cache,
                      int64_t position);
  void cross_attention(const CrossBlockWeights& block, const MediaView& media);
  void apply_norm(const NormWeights& norm, float* x, int64_t count) const;
  void attend(const HeadAttention& head, int64_t index, int thread);
  void rotate(float* head) const;

  kernels::ThreadPool& pool_;
  const kernels::Kernels& kernels_;
  kernels::InputMode input_mode_;
  StepScratch& scratch_;
};

}  // namespace flamingo::decode
