#pragma once

#include "flamingo/model/config.h"
#include "flamingo/plan/flop_counter.h"
#include "flamingo/plan/step_shape.h"

namespace flamingo::plan {

/// Bytes of a training step where it needs most memory. Program, files, pixels of batches and the
/// allocator's waste are not included.
struct StepMemory {
  int64_t frozen = 0;       ///< weights that are only read, blocks included
  int64_t masters = 0;      ///< trained weights, fp32
  int64_t moments = 0;      ///< two fp32 values a trained weight
  int64_t gradients = 0;    ///< fp32, those that exist at the peak
  int64_t activations = 0;  ///< of the forward pass, those that exist at the peak
  int64_t logits = 0;       ///< logits and what their loss needs, if they exist at the peak
  int64_t buffers = 0;      ///< what backward works with

  int64_t peak() const {
    return frozen + masters + moments + gradients + activations + logits + buffers;
  }
};

/// What a training step takes.
struct StepCost {
  StepMemory memory;
  Flops flops;
};

/// Measures one step of the real model with AdamW: forward and backward on the meta device, which
/// allocates and multiplies nothing. Throws Error when config.validate() or add_lora() does, or the
/// shape does not hold together.
StepCost measure_step(const model::FlamingoConfig& config, const StepShape& shape,
                      const StepTraining& training, const StepStorage& storage);

}  // namespace flamingo::plan
