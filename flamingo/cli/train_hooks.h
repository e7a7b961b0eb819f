#pragma once

#include <functional>

#include "flamingo/parallel/process_group.h"
#include "flamingo/train/trainer.h"

namespace flamingo::cli {

/// Progress on standard error (one redrawn line on a terminal, a line every 10 seconds elsewhere)
/// and stop_requested() as the stop flag, in good order from the first step on: what a run does
/// before may be killed at any moment.
train::TrainHooks train_hooks();

/// A run by its hooks, as one of the processes of a job.
using TrainRun =
    std::function<train::TrainResult(train::TrainHooks&, const parallel::ProcessGroup&)>;

/// Joins the job of the environment (torchrun's, or this process alone) and runs; the first process
/// shows progress on standard error, and at last how the run ended and how to go on.
void run_in_job(const train::TrainConfig& config, const TrainRun& run);

}  // namespace flamingo::cli
