#include "flamingo/data/sampling.h"

#include <algorithm>
#include <string>

#include "flamingo/core/error.h"

namespace flamingo::data {

std::vector<size_t> sample_distinct(size_t count, size_t bound, Rng& rng) {
  require(count <= bound, "sample_distinct", "expected at most {}, got {}", bound, count);
  std::vector<size_t> picked;
  while (picked.size() < count) {
    const size_t candidate = rng.below(bound);
    if (!std::ranges::count(picked, candidate)) picked.push_back(candidate);
  }
  return picked;
}

size_t sample_weighted(std::span<const double> weights, Rng& rng) {
  double total = 0;
  for (const double weight : weights) total += weight;
  require(total > 0, "sample_weighted", "expected weights with a sum above 0");
  double draw = rng.uniform(0, total);
  size_t index = 0;
  while (index + 1 < weights.size() && draw >= weights[index]) draw -= weights[index++];
  return index;
}

}  // namespace flamingo::data
