#pragma once

#include "flamingo/plan/step_shape.h"

namespace flamingo::plan {

/// Floating-point operations (two per multiply-add) of the matrix products and convolutions of one
/// training step; everything else (norms, softmax, activations, the optimizer) is not counted.
struct TrainStepFlops {
  double forward = 0;
  double backward = 0;    ///< dx through frozen layers too, and dW of trained ones
  double recomputed = 0;  ///< forward again within backward, with checkpointed blocks

  /// What the model needs: model-FLOP utilisation is this a second over the machine's peak.
  double model() const { return forward + backward; }
  /// What the machine does.
  double total() const { return forward + backward + recomputed; }
  TrainStepFlops& operator+=(const TrainStepFlops& other);
  TrainStepFlops times(double count) const;
};

/// The operations of one step. checkpoint_blocks: see FlamingoImpl::checkpoint_blocks.
/// Throws Error when config.validate() does.
TrainStepFlops train_step_flops(const model::FlamingoConfig& config, const StepShape& shape,
                                const StepTraining& training, bool checkpoint_blocks = false);

/// Operations of the encoder's forward pass of one picture.
double encoder_flops(const vision::EncoderConfig& config);

}  // namespace flamingo::plan
