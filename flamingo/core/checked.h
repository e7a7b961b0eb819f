#pragma once

#include <cstdint>
#include <span>
#include <string_view>

#include "flamingo/core/error.h"

namespace flamingo {

/// a * b for sizes read from a file. Throws Error on overflow.
inline uint64_t checked_mul(uint64_t a, uint64_t b, std::string_view where) {
  uint64_t product = 0;
  if (__builtin_mul_overflow(a, b, &product))
    fail(where, "expected a size below 2^64, got overflow");
  return product;
}

/// a + b for sizes read from a file. Throws Error on overflow.
inline uint64_t checked_add(uint64_t a, uint64_t b, std::string_view where) {
  uint64_t sum = 0;
  if (__builtin_add_overflow(a, b, &sum)) fail(where, "expected a size below 2^64, got overflow");
  return sum;
}

/// Product of all extents (1 for a scalar). Throws Error on a negative extent or overflow.
inline uint64_t checked_numel(std::span<const int64_t> shape, std::string_view where) {
  uint64_t count = 1;
  for (const int64_t extent : shape) {
    require(extent >= 0, where, "expected extents >= 0, got a negative one");
    count = checked_mul(count, static_cast<uint64_t>(extent), where);
  }
  return count;
}

/// Throws Error("[where] expected FIELD in [least, most], got VALUE") unless value lies there, as
/// NaN does not. For settings from a file, before anything is built or allocated by them.
void require_within(std::string_view where, std::string_view field, int64_t value, int64_t least,
                    int64_t most);
void require_within(std::string_view where, std::string_view field, double value, double least,
                    double most);

}  // namespace flamingo
