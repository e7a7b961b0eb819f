#pragma once

#include <torch/nn/module.h>

#include <string>

#include "flamingo/checkpoint/state_dict.h"

namespace flamingo::checkpoint {

/// Throws Error naming `where` and the first parameter of `module` that `weights` lack or hold in
/// another shape. Done with a module on the meta device, before the real one takes memory: then a
/// config can ask for no more than its file holds.
void check_shapes(const torch::nn::Module& module, const StateDict& weights,
                  const std::string& where);

}  // namespace flamingo::checkpoint
