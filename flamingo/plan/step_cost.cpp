#include "flamingo/plan/step_cost.h"

#include <algorithm>

#include "flamingo/plan/meta_memory.h"
#include "flamingo/plan/synthetic_step.h"

namespace flamingo::plan {
namespace {

/// Weights, and what was made of them: `counted` bytes, of which blocks count as the matrices they
/// replace.
StepMemory weights_of(const model::Flamingo& model, int64_t counted) {
  const surgery::WeightBytes bytes = surgery::weight_bytes(model);
  int64_t parameters = 0;
  for (const auto& parameter : model->parameters())
    parameters += static_cast<int64_t>(parameter.nbytes());
  return {.frozen = bytes.frozen + bytes.packed + counted - parameters,
          .masters = bytes.trained,
          .moments = 2 * bytes.trained};
}

void add_gradients(const model::Flamingo& model) {
  for (auto& parameter : model->parameters()) {
    if (parameter.requires_grad()) parameter.mutable_grad() = torch::empty_like(parameter);
  }
}

}  // namespace

StepCost measure_step(const model::FlamingoConfig& config, const StepShape& shape,
                      const StepTraining& training, const StepStorage& storage) {
  MetaMemory counted;
  SyntheticStep step(config, training, storage, torch::kMeta);
  StepCost cost{.memory = weights_of(step.model(), counted.live()), .flops = {}};
  if (storage.accumulates) add_gradients(step.model());
  counted.enter(StepPart::kActivation);
  const SyntheticBatch batch = step.batch(shape);
  if (shape.encodes && batch.pictures.defined())
    counted.assign(batch.pictures, StepPart::kElsewhere);
  counted.forget_peak();
  const FlopCounter counter;
  step.accumulate(batch, [&] { counted.enter(StepPart::kLogits); });
  cost.flops = counter.flops();
  for (const auto& parameter : step.model()->parameters()) {
    if (parameter.grad().defined()) counted.assign(parameter.grad(), StepPart::kGradient);
  }
  cost.memory.gradients = counted.at_peak(StepPart::kGradient);
  cost.memory.activations = counted.at_peak(StepPart::kActivation);
  cost.memory.logits = counted.at_peak(StepPart::kLogits);
  cost.memory.buffers = counted.at_peak(StepPart::kBuffer);
  return cost;
}

}  // namespace flamingo::plan
