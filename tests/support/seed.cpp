#include "tests/support/seed.h"

#include <charconv>
#include <cstdlib>
#include <stdexcept>
#include <string>

namespace flamingo::testing {
namespace {

constexpr uint64_t kGolden = 0x9e3779b97f4a7c15;  // odd: another product for every seed

uint64_t seed_of(const char* text) {
  if (text == nullptr) return 0;
  const std::string digits(text);
  uint64_t seed = 0;
  const auto [end, error] = std::from_chars(digits.data(), digits.data() + digits.size(), seed);
  if (error != std::errc() || end != digits.data() + digits.size() || digits.empty())
    throw std::invalid_argument("[FLAMINGO_TEST_SEED] expected a number of 64 bits, got \"" +
                                digits + "\"");
  return seed;
}

}  // namespace

uint64_t run_seed() {
  static const uint64_t seed = seed_of(std::getenv("FLAMINGO_TEST_SEED"));
  return seed;
}

uint64_t seeded(uint64_t stream) { return stream + run_seed() * kGolden; }

}  // namespace flamingo::testing
