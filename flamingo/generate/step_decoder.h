#pragma once

#include <cstdint>
#include <vector>

#include "flamingo/lm/kv_cache.h"
#include "flamingo/model/flamingo.h"

namespace flamingo::generate {

/// One decoding step: the token goes in, the logits of the next one come out.
class StepDecoder {
 public:
  virtual ~StepDecoder() = default;
  /// Appends `id`, which sees image `phi` (0 = none), to `cache` (one row) -> logits [V + A].
  virtual std::vector<float> step(int32_t id, int32_t phi, lm::KvCache& cache) = 0;
};

/// The plain twin: the model's own forward with T = 1.
class ModelStepDecoder : public StepDecoder {
 public:
  explicit ModelStepDecoder(model::Flamingo model) : model_(std::move(model)) {}
  std::vector<float> step(int32_t id, int32_t phi, lm::KvCache& cache) override;

 private:
  model::Flamingo model_;
};

/// logits [..., V + A] of the last position as floats.
std::vector<float> last_logits(const at::Tensor& logits);

}  // namespace flamingo::generate
