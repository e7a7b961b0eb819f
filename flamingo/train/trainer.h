#pragma once

#include <torch/nn/module.h>

#include <atomic>
#include <string>
#include <vector>

#include "flamingo/core/progress.h"
#include "flamingo/train/metrics_log.h"
#include "flamingo/train/optimizer.h"
#include "flamingo/train/run_state.h"
#include "flamingo/train/schedule.h"

namespace flamingo {

/// What every kind of training shares.
struct TrainConfig {
  std::string output;
  int64_t steps = 1000;
  int64_t checkpoint_every = 100;
  int64_t max_skipped_in_row = 10;
  OptimizerConfig optimizer;
  ScheduleConfig schedule;

  template <class Visitor>
  void visit(Visitor& v) {
    v("output", output, "folder for checkpoints, metrics and the finished model");
    v("steps", steps, "steps in all");
    v("checkpoint_every", checkpoint_every, "steps between checkpoints");
    v("max_skipped_in_row", max_skipped_in_row,
      "steps in a row without finite gradients that end the run");
    v("optimizer", optimizer, "AdamW and gradient clipping");
    v("schedule", schedule, "learning rate over time");
  }
  /// Throws Error when a field is out of its range.
  void validate() const;
};

/// What one part of a step gives.
struct StepLosses {
  torch::Tensor loss;           ///< scalar, with its graph
  int64_t items = 0;            ///< pictures or tokens, for the speed shown
  std::vector<Metric> metrics;  ///< logged as they are
  double weight = 1;            ///< lambda, of this part's loss and gradient in the step's
};

/// Something that can be trained step by step.
class TrainTask {
 public:
  virtual ~TrainTask() = default;
  /// Whose parameters are trained, where they require gradients.
  virtual torch::nn::Module& module() = 0;
  /// How many parts a step has: sources of a mixture, or pieces of a large batch. One update
  /// follows the sum of their weighted gradients (paper, section 2.4: accumulation over datasets).
  virtual int64_t num_parts(int64_t /*step*/) const { return 1; }
  /// Forward pass of part 0, 1, ... of a step; depends on both and the weights only.
  virtual StepLosses losses(int64_t step, int64_t part) = 0;
  /// What `items` counts: "pictures", "tokens".
  virtual std::string item_name() const = 0;
  /// Configuration that a resumed run must share.
  virtual Json identity() const = 0;
};

/// What the program around a training run provides.
struct TrainHooks {
  const std::atomic<bool>* stop =
      nullptr;  ///< when it turns true, the run saves and returns; may be null
  ProgressOptions progress;
};

/// How a run ended.
struct TrainResult {
  RunState state;
  bool finished = false;  ///< all steps are done (else it was stopped)
};

/// Trains until config.steps are done or hooks.stop is set, going on from the newest checkpoint in
/// config.output: the loss curve and the weights are then bit-equal to those of an uninterrupted
/// run. Writes <output>/metrics.jsonl and checkpoints. A step whose loss or gradients are not
/// finite changes nothing and is counted. Throws Error: too many such steps in a row, a full disk
/// (the last checkpoint stays), a folder of another run.
TrainResult train(TrainTask& task, const TrainConfig& config, const TrainHooks& hooks);

}  // namespace flamingo
