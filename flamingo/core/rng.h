#pragma once

#include <array>
#include <cstdint>
#include <string_view>

namespace flamingo {

/// Counter-free deterministic generator (xoshiro256**), the same on every machine.
/// Its four words are its whole state, so that a run can be resumed bit for bit.
class Rng {
 public:
  using State = std::array<uint64_t, 4>;

  explicit Rng(uint64_t seed);
  explicit Rng(const State& state) : state_(state) {}

  /// A stream of its own for (seed, name), such as one per parameter or per sample.
  static Rng for_name(uint64_t seed, std::string_view name);

  uint64_t next();
  /// Uniform in [0, bound), without modulo bias; bound >= 1.
  uint64_t below(uint64_t bound);
  /// Uniform in [0, 1).
  double uniform();
  /// Uniform in [low, high).
  double uniform(double low, double high) { return low + (high - low) * uniform(); }
  /// Standard normal (Box-Muller, one value per call so that no state hides in a spare).
  double normal();
  bool coin(double probability) { return uniform() < probability; }

  const State& state() const { return state_; }

 private:
  State state_;
};

/// Fisher-Yates shuffle of any random-access container.
template <class Container>
void shuffle(Container& items, Rng& rng) {
  for (size_t i = items.size(); i > 1; --i) std::swap(items[i - 1], items[rng.below(i)]);
}

}  // namespace flamingo
