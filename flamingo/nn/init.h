#pragma once

#include <torch/nn/module.h>

#include <cstdint>
#include <string_view>

namespace flamingo::nn {

/// A module that starts some of its own parameters differently from init_weights' rules.
class InitsItself {
 public:
  virtual ~InitsItself() = default;
  /// Overwrites parameters of this module (not of its children). Called without gradients.
  virtual void init_own() = 0;
};

/// Fills every parameter of `module` from its own random stream (seed, parameter name): the same on
/// every machine and independent of the order of construction. The last segment of the name
/// decides:
///
///   bias, *gate, alpha_*, log_*              0
///   weight of rank 1, *gain                  1
///   weight of rank >= 2                      normal, deviation 1 / sqrt(fan-in)
///   everything else (latents, embeddings)    normal, deviation 0.02
///
/// then every module that is InitsItself overwrites what it must.
/// Throws Error on a parameter without memory (meta device).
void init_weights(torch::nn::Module& module, uint64_t seed);

/// Fills `tensor`, of any shape, with normal numbers of this deviation from the stream (seed,
/// name).
void fill_normal(torch::Tensor tensor, double deviation, uint64_t seed, std::string_view name);

}  // namespace flamingo::nn
