#pragma once

#include "CLI/CLI.hpp"

namespace flamingo::cli {

/// Judges the texts given to every option of `app` and its verbs that holds a number: the parser's
/// own conversion takes "" for 0, -1 for the largest seed and what is too large for the largest
/// number. Call it when all options are there.
void judge_numbers(CLI::App& app);

/// For options that hold a number: it is above 0, or 0 too.
CLI::Validator above_zero();
CLI::Validator zero_or_above();

}  // namespace flamingo::cli
