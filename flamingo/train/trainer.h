#pragma once

#include <atomic>
#include <functional>
#include <string>

#include "flamingo/core/progress.h"
#include "flamingo/parallel/parallel.h"
#include "flamingo/train/optimizer.h"
#include "flamingo/train/run_state.h"
#include "flamingo/train/schedule.h"
#include "flamingo/train/train_task.h"

namespace flamingo::train {

/// What every kind of training shares.
struct TrainConfig {
  std::string output;
  int64_t steps = 1000;
  int64_t checkpoint_every = 100;
  int64_t max_skipped_in_row = 10;
  int64_t validate_every = 0;
  int64_t patience = 0;
  OptimizerConfig optimizer;
  ScheduleConfig schedule;

  template <class Visitor>
  void visit(Visitor& v) {
    v("output", output, "folder for checkpoints, metrics and the finished model");
    v("steps", steps, "steps in all");
    v("checkpoint_every", checkpoint_every, "steps between checkpoints");
    v("max_skipped_in_row", max_skipped_in_row,
      "steps in a row without finite gradients that end the run");
    v("validate_every", validate_every, "steps between looks at the validation data; 0: never");
    v("patience", patience,
      "validations without a smaller valid_loss that end the run, which then gives the best "
      "weights; 0: never");
    v("optimizer", optimizer, "AdamW and gradient clipping");
    v("schedule", schedule, "learning rate over time");
  }
  /// Throws Error when a field is out of its range.
  void validate() const;
};

/// What the program around a training run provides.
struct TrainHooks {
  const std::atomic<bool>* stop =
      nullptr;                     ///< when it turns true, the run saves and returns; may be null
  std::function<void()> on_start;  ///< called when stop is looked at from now on; may be empty
  ProgressOptions progress;
  parallel::Parallel* parallel = nullptr;  ///< prepared for the task's module; null: one process
  double peak_flops = 0;  ///< of all processes in the compute type, a second; 0: not known
};

/// How a run ended.
struct TrainResult {
  RunState state;
  bool finished = false;  ///< all steps are done or patience ended (else it was stopped)
};

/// Trains until config.steps are done, patience ends or hooks.stop is set, going on from the newest
/// checkpoint in config.output: the loss curve and the weights are then bit-equal to those of an
/// uninterrupted run. Writes into config.output:
///
///   metrics.jsonl   a line a step: loss, grad_norm, lr_factor, items, seconds, data_wait (share of
///                   the time spent waiting for data), memory_gib (resident), mfu (operations a
///                   second as a share of peak_flops, where both are known) and the task's own
///   tensorboard/    the same as event files
///   skipped.jsonl   a line for each step whose loss or gradient was not finite, with its samples;
///                   such a step changes nothing
///   step-*          checkpoints, the newest two
///
/// With several processes (hooks.parallel) all call it, each with its share of the data; the first
/// alone writes and tells. Any number of them may go on with a folder.
///
/// A checkpoint that cannot be written is told and done without; the third in a row ends the run.
/// Throws Error: that, a full disk (the last checkpoint stays), too many skipped steps in a row, a
/// folder of another run.
TrainResult train(TrainTask& task, const TrainConfig& config, const TrainHooks& hooks);

}  // namespace flamingo::train
