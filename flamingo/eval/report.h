#pragma once

#include <span>
#include <string>

#include "flamingo/core/config.h"
#include "flamingo/eval/runner.h"

namespace flamingo::eval {

/// One line per task: accuracy +- standard error, chance, both controls, the encoder alone, goal
/// and whether it is reached; a control more than 2 standard errors from chance is marked with "!".
std::string report_table(std::span<const TaskResult> results);

/// The same numbers: a list of objects {task, episodes, accuracy, error, chance, goal, reached,
/// removed, exchanged, encoder, controls_at_chance}; controls that were not measured and goals
/// that there are not are null.
Json report_json(std::span<const TaskResult> results);

}  // namespace flamingo::eval
