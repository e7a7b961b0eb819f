#pragma once

#include <functional>

#include "flamingo/plan/flop_counter.h"

namespace flamingo::bench {

/// GFLOP (two per multiply-add) of the matrix products and convolutions that `work` makes torch
/// run, backward passes included; everything else is not counted.
inline double count_gflop(const std::function<void()>& work) {
  const plan::FlopCounter counter;
  work();
  return 1e-9 * counter.flops().total();
}

}  // namespace flamingo::bench
