#pragma once

#include <functional>

namespace flamingo::bench {

/// GFLOP (two per multiply-add) of the matrix products and convolutions that `work` makes torch
/// run, backward passes included; everything else is not counted. One call at a time.
double count_gflop(const std::function<void()>& work);

}  // namespace flamingo::bench
