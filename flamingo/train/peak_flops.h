#pragma once

#include <c10/core/ScalarType.h>

namespace flamingo::train {

/// Operations a second (two per multiply-add) that this machine reaches in large matrix products of
/// `type`, with the threads torch has: the best of a few, measured now (about half a second).
double measure_peak_flops(c10::ScalarType type);

}  // namespace flamingo::train
