#pragma once

#include <torch/nn/module.h>

#include <optional>
#include <string>
#include <vector>

#include "flamingo/core/config.h"
#include "flamingo/train/metrics_log.h"

namespace flamingo::train {

/// What one micro-batch gives.
struct StepLosses {
  torch::Tensor loss;  ///< scalar, with its graph
  int64_t items = 0;   ///< pictures or tokens, for the speed shown
  double weight = 1;   ///< of this micro-batch's loss and gradient in the step's
};

/// How a model does on data that are not trained on.
struct Validation {
  double loss = 0;              ///< that training is to make small
  std::vector<Metric> metrics;  ///< more about it, logged too
};

/// Something that can be trained step by step.
class TrainTask {
 public:
  virtual ~TrainTask() = default;
  /// Whose parameters are trained, where they require gradients.
  virtual torch::nn::Module& module() = 0;

  /// Gets the data of a step, which depend on the step only; the time this takes counts as waiting.
  /// Returns how many micro-batches the step has: sources of a mixture, or pieces of a large batch.
  /// One update follows the sum of their weighted gradients (paper, section 2.4: accumulation over
  /// datasets).
  virtual int64_t begin(int64_t step) = 0;
  /// Forward pass of micro-batch 0, 1, ... of the step begun; depends on it and the weights only.
  virtual StepLosses losses(int64_t step, int64_t micro_batch) = 0;
  /// What is logged of the step beside losses and speed, once its micro-batches are done.
  virtual std::vector<Metric> metrics(int64_t /*step*/) { return {}; }
  /// Samples of the step begun, for the record of a step that was skipped; null: not known.
  virtual Json samples() const { return nullptr; }
  /// What the step's data have to tell a person, such as damaged samples.
  virtual std::vector<std::string> notes() const { return {}; }

  /// A look at the validation data, the same each time; nothing where there are none.
  virtual std::optional<Validation> validate() { return {}; }

  /// What `items` counts: "pictures", "tokens".
  virtual std::string item_name() const = 0;
  /// Configuration that a resumed run must share.
  virtual Json identity() const = 0;
};

}  // namespace flamingo::train
