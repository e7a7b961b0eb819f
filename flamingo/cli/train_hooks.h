#pragma once

#include "flamingo/train/trainer.h"

namespace flamingo::cli {

/// Progress on standard error (one redrawn line on a terminal, a line every 10 seconds elsewhere)
/// and stop_requested() as the stop flag, in good order from the first step on: what a run does
/// before may be killed at any moment.
train::TrainHooks train_hooks();

/// Tells on standard error how a run ended and how to go on.
void report_end(const train::TrainResult& result, const train::TrainConfig& config);

}  // namespace flamingo::cli
