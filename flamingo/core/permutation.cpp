#include "flamingo/core/permutation.h"

#include <bit>
#include <string>

#include "flamingo/core/error.h"

namespace flamingo {
namespace {

constexpr int kRounds = 4;

/// 64 bits that depend on all bits of the input (the finaliser of SplitMix64).
uint64_t mix(uint64_t value) {
  value = (value ^ (value >> 30)) * 0xbf58476d1ce4e5b9;
  value = (value ^ (value >> 27)) * 0x94d049bb133111eb;
  return value ^ (value >> 31);
}

uint64_t feistel(uint64_t value, int half_bits, uint64_t key) {
  const uint64_t mask = (uint64_t{1} << half_bits) - 1;
  uint64_t left = value >> half_bits, right = value & mask;
  for (uint64_t round = 0; round < kRounds; ++round) {
    const uint64_t next = left ^ (mix(right ^ mix(key + round * 0x9e3779b97f4a7c15)) & mask);
    left = right;
    right = next;
  }
  return left << half_bits | right;
}

}  // namespace

uint64_t permuted(uint64_t index, uint64_t size, uint64_t key) {
  require(index < size && size <= uint64_t{1} << 62, "permuted",
          "expected an index below a size of at most 2^62, got {} of {}", index, size);
  const int half_bits = (std::bit_width(size - 1) + 1) / 2;
  if (half_bits == 0) return 0;
  do {
    index = feistel(index, half_bits, key);
  } while (index >= size);
  return index;
}

}  // namespace flamingo
