#pragma once

#include <functional>
#include <vector>

#include "flamingo/plan/step_cost.h"

namespace flamingo::train {

/// What a training step is, whatever its settings.
struct StepProblem {
  model::FlamingoConfig config;
  std::vector<plan::StepShape> batches;  ///< one of each source
  plan::StepTraining training;
  bool in_turn = false;     ///< one batch a step, instead of all of them before one update
  int64_t micro_batch = 0;  ///< one to plan for in any case; 0: none
};

/// How fast a machine is at one model, micro-batch and compute type.
struct StepSpeed {
  double seconds = 0;             ///< of a forward and backward pass without any operation
  double seconds_per_flop = 0;    ///< of each matrix operation
  double seconds_per_update = 0;  ///< of each trained weight
  double seconds_per_decode = 0;  ///< of each weight that is decoded from blocks
};

/// One way to run the step.
struct StepSettings {
  plan::StepStorage storage;
  int64_t micro_batch = 1;  ///< most sequences that go through the model at once
};

/// What it needs.
struct StepPlan {
  StepSettings settings;
  plan::StepMemory memory;    ///< of the batch that needs most
  double seconds = 0;         ///< of the whole step
  double update_seconds = 0;  ///< of these, the optimizer's
  int64_t peak = 0;  ///< bytes of the whole process, in the step or while the model is read
  bool fits = false;
};

/// Tells the speed at a part of a batch; it may measure.
using SpeedOf =
    std::function<StepSpeed(const plan::StepShape& part, const plan::StepStorage& storage)>;

/// `shape` with so many sequences; visible tokens, media and targets in proportion.
plan::StepShape with_sequences(const plan::StepShape& shape, int64_t sequences);

/// Plans of every frozen format of the compute type, with and without checkpointed blocks, for
/// micro-batches of all sequences of the largest batch, half of them, a quarter, ... (as long as
/// that is whole), and the problem's own. `limit`: bytes for all of a plan's memory and `program`,
/// what the process takes besides.
std::vector<StepPlan> plan_steps(const StepProblem& problem, bool fp32, int64_t program,
                                 int64_t limit, const SpeedOf& speed);

/// Bytes of a model while it is read: its weights in the compute type, those of the language model
/// twice.
int64_t reading_bytes(const StepProblem& problem, bool fp32);

/// Bytes of the pixels of a step's batches: those in use, those that wait and those being made.
int64_t pixel_bytes(const StepProblem& problem);

/// The fastest that fits, or null.
const StepPlan* best_plan(const std::vector<StepPlan>& plans);

/// Bytes that a process takes beyond the tensors of a step: libraries, their scratch memory, the
/// allocator's waste. Measured by a step of a few layers, so it must be called before anything
/// large was allocated. 0 where the system does not say.
int64_t measure_overhead(const StepProblem& problem, bool fp32);

/// Seconds since some moment.
using Clock = std::function<double()>;

/// The steady clock's.
double steady_seconds();

/// Measures on this machine, as far as was not done before: forward and backward
/// passes of real layers (once and twice the shortest stretch of blocks that repeats) of each
/// shape, an update, and decoding of a matrix of each format. `problem` must stay alive.
/// on_measure, which may be empty, is told each shape before its passes, which take seconds.
SpeedOf speeds_of(const StepProblem& problem,
                  std::function<void(const plan::StepShape& part)> on_measure = {},
                  Clock clock = steady_seconds);

}  // namespace flamingo::train
