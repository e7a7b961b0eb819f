#pragma once

#include <cstddef>
#include <span>
#include <vector>

#include "flamingo/core/rng.h"

namespace flamingo::data {

/// `count` different numbers below `bound`, in random order; meant for small counts.
/// Throws Error when count exceeds bound.
std::vector<size_t> sample_distinct(size_t count, size_t bound, Rng& rng);

/// An index with probability proportional to its weight; the weights' sum must be above 0.
size_t sample_weighted(std::span<const double> weights, Rng& rng);

}  // namespace flamingo::data
