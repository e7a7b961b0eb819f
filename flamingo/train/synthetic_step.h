#pragma once

#include "flamingo/plan/step_memory.h"
#include "flamingo/train/optimizer.h"
#include "flamingo/train/pixel_encoder.h"

namespace flamingo::train {

/// Training steps of a real model with random weights on random batches of one shape: what a recipe
/// will cost, before its data and files are there.
class SyntheticStep {
 public:
  /// Throws Error when the config does not hold together or shape and config do not fit.
  SyntheticStep(const model::FlamingoConfig& config, const plan::StepShape& shape,
                const plan::StepTraining& training, const plan::StepStorage& storage);

  /// Forward and backward pass of one batch; adds to the gradients.
  void accumulate();
  /// Clipping and AdamW's update, which ends the gradients.
  void update();

  const model::Flamingo& model() const { return model_; }
  int64_t num_trained() const { return optimizer_.num_trained(); }

 private:
  model::Flamingo model_;
  PixelEncoder encode_;
  AdamW optimizer_;
  plan::StepShape shape_;
  torch::Tensor ids_, phi_;          ///< [B, T]
  torch::Tensor pictures_;           ///< [N F, 3, S, S], or features [N F, P, Dv]
  torch::Tensor media_rows_;         ///< [B, M], which of the N clips each medium is
  torch::Tensor positions_, words_;  ///< [n], where logits are computed, and what they should be
};

}  // namespace flamingo::train
