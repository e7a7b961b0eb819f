#pragma once

#include <string>

#include "bench/roofs.h"

namespace flamingo::bench {

/// Serves a benchmark that times this trainer and another in turns (bench/peers). `folder` holds
///
///   config.json               a FlamingoConfig
///   model.safetensors         every weight, under our names
///   batch.<n>.safetensors     FlamingoBatch fields and `pixels`, loss factor in the metadata
///
/// Answers each line of the standard input by one line of JSON: "step" trains one step (every
/// batch forward from pixels and backward, clipping, update) and tells its seconds (wall, cpu) and
/// losses, "roof" multiplies large matrices and tells the GFLOP and seconds. `type` is bf16 or
/// fp32. Ends with the input. Throws Error: a file that is missing or does not fit, another line.
void serve_turns(const std::string& folder, const std::string& type, const Roofs& roofs);

}  // namespace flamingo::bench
