#pragma once

#include <cstdint>

namespace flamingo {

/// Where a shuffle that `key` decides puts `index`, for 0 <= index < size: one to one, without a
/// table, so that a data order of any length is a function of (key, index) and a run resumes by its
/// step alone. A Feistel network of four rounds on the next power of four, walked until the value
/// is below size (less than 4 steps on average).
uint64_t permuted(uint64_t index, uint64_t size, uint64_t key);

}  // namespace flamingo
