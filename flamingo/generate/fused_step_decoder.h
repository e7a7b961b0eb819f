#pragma once

#include <vector>

#include "flamingo/decode/fused_decoder.h"
#include "flamingo/generate/fused_weights.h"
#include "flamingo/generate/step_decoder.h"
#include "flamingo/kernels/thread_pool.h"

namespace flamingo::generate {

/// The fast twin of ModelStepDecoder: one pass over the weights, without torch's operators.
///
/// The residual stream is float32 (the model's own forward rounds it to its compute type), keys and
/// values are those of the KvCache that the model's prefill fills. With the LM's GGUF, its matrices
/// stay quantised; prefill always reads the model's decoded ones.
class FusedStepDecoder : public StepDecoder {
 public:
  /// Whether this decoder can take the place of the model's own forward.
  static bool supports(const model::Flamingo& model) { return can_fuse(model); }

  /// `model` must keep its weights where they are; `lm`: see fused_weights, may be null. `input`:
  /// how quantised weights read their inputs. Uses as many threads as torch does, at most 64.
  /// Throws Error when the model is not supported or the file does not fit it.
  FusedStepDecoder(model::Flamingo model, const io::Gguf* lm, kernels::InputMode input);

  /// Throws Error when the cache holds a batch or padding, the context is full, or id or phi is out
  /// of range; the cache is then as before.
  std::vector<float> step(int32_t id, int32_t phi, lm::KvCache& cache) override;

  /// Bytes of weights that a step reads.
  int64_t weight_bytes() const { return decoder_.weight_bytes(); }

 private:
  /// The media item that a gated layer saw last, or all up to it.
  struct MediaItem {
    lm::KeyValues source;  ///< the cache's tensors that `heads` was made from
    int32_t phi = 0;
    lm::KeyValues heads;  ///< [H, W * R, Dh] of the W media that phi may see
  };

  void check(int32_t phi, const lm::KvCache& cache) const;
  decode::MediaView media_view(size_t layer, int32_t phi, const lm::KvCache& cache);

  model::Flamingo model_;
  kernels::ThreadPool pool_;
  decode::FusedDecoder decoder_;
  at::Tensor key_row_;            ///< [1, kv_heads, 0, Dh]: shape and type of the cache's rows
  std::vector<MediaItem> media_;  ///< by gated layer
};

}  // namespace flamingo::generate
