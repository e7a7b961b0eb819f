#pragma once

#include <functional>

#include "flamingo/model/pixel_encoder.h"
#include "flamingo/plan/step_shape.h"

namespace flamingo::plan {

/// What goes into a step, with random values.
struct SyntheticBatch {
  torch::Tensor ids, phi;    ///< [B, T]
  torch::Tensor pictures;    ///< [N F, 3, S, S], features of the trunk [N F, P, D0], or undefined
  int64_t frames = 1;        ///< F
  torch::Tensor media_rows;  ///< [B, M], which of the N clips each media item is
  torch::Tensor positions, targets;  ///< [n], where logits are computed, and what they should be
};

/// Training steps of a real model with random weights on random batches: what a recipe will cost,
/// before its data and files are there. On the meta device it takes neither time nor memory.
class SyntheticStep {
 public:
  /// Throws Error when the config does not hold together, or add_lora() does.
  SyntheticStep(const model::FlamingoConfig& config, const StepTraining& training,
                const StepStorage& storage, torch::Device device = torch::kCPU);

  /// A batch of one shape. Media of several lengths become as many of one. Throws Error when
  /// shape.validate() does.
  SyntheticBatch batch(const StepShape& shape) const;
  /// Forward and backward pass of one batch; adds to the gradients. on_loss, which may be empty, is
  /// called between hidden states and logits.
  void accumulate(const SyntheticBatch& batch, const std::function<void()>& on_loss = {});

  const model::Flamingo& model() const { return model_; }

 private:
  model::Flamingo model_;
  model::PixelEncoder encode_;
  torch::Device device_;
};

/// Extents of the features of one picture that a run keeps.
struct FeatureShape {
  int64_t patches = 0;  ///< P
  int64_t dim = 0;      ///< D0
};

/// Those of the trunk of the config's encoder for pictures of the side that its transform makes.
FeatureShape feature_shape(const model::FlamingoConfig& config);

}  // namespace flamingo::plan
