#pragma once

#include "flamingo/plan/step_shape.h"
#include "flamingo/surgery/pack_frozen.h"

namespace flamingo::plan {

/// How a training step stores what it must keep.
struct StepStorage {
  surgery::FrozenFormat frozen =
      surgery::FrozenFormat::kBf16;  ///< kFp32: all arithmetic is in fp32, else in bf16
  bool checkpoint_blocks = false;    ///< see FlamingoImpl::checkpoint_blocks
  bool accumulates = false;  ///< gradients of earlier parts of the step are there from the start

  int64_t compute_bytes() const { return frozen == surgery::FrozenFormat::kFp32 ? 4 : 2; }
};

/// Bytes of a training step where it needs most memory. Program, files and the allocator's waste
/// are not included.
struct StepMemory {
  int64_t frozen = 0;       ///< weights that are only read, blocks included
  int64_t masters = 0;      ///< trained weights, fp32
  int64_t moments = 0;      ///< two fp32 values a trained weight
  int64_t gradients = 0;    ///< fp32, those that exist at the peak
  int64_t activations = 0;  ///< kept for backward
  int64_t logits = 0;       ///< logits and what their loss needs, if they exist at the peak
  int64_t buffers = 0;      ///< what backward works with

  int64_t peak() const {
    return frozen + masters + moments + gradients + activations + logits + buffers;
  }
};

/// Memory of one step with AdamW, the formulas of what each operation keeps for its gradient summed
/// up (kept_bytes.h, encoder_memory.h). Throws Error when config.validate() or add_lora() does.
StepMemory step_memory(const model::FlamingoConfig& config, const StepShape& shape,
                       const StepTraining& training, const StepStorage& storage);

}  // namespace flamingo::plan
