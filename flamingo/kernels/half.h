#pragma once

#include <bit>
#include <cstddef>
#include <cstdint>
#include <cstring>

namespace flamingo::kernels {

/// A trivially copyable value stored at any alignment.
template <class T>
inline T load_unaligned(const std::byte* source) {
  T value;
  std::memcpy(&value, source, sizeof(T));
  return value;
}

/// Value of a bfloat16 (the upper half of a float32).
inline float bf16_to_float(uint16_t bits) { return std::bit_cast<float>(uint32_t{bits} << 16); }

/// Nearest bfloat16, ties to even; NaN stays NaN.
inline uint16_t float_to_bf16(float value) {
  const uint32_t bits = std::bit_cast<uint32_t>(value);
  if ((bits & 0x7fffffffu) > 0x7f800000u) return static_cast<uint16_t>((bits >> 16) | 0x40u);
  return static_cast<uint16_t>((bits + 0x7fffu + ((bits >> 16) & 1u)) >> 16);
}

/// Value of an IEEE binary16, subnormals, infinities and NaN included.
inline float f16_to_float(uint16_t bits) {
  const uint32_t sign = uint32_t{bits & 0x8000u} << 16;
  const uint32_t magnitude = bits & 0x7fffu;
  if (magnitude >= 0x7c00u) {
    return std::bit_cast<float>(sign | 0x7f800000u | ((magnitude & 0x3ffu) << 13));
  }
  // Moving the 15 bits under a float32's exponent leaves a factor of 2^(127 - 15) to make good.
  const float scaled = std::bit_cast<float>(magnitude << 13) * 0x1p112f;
  return std::bit_cast<float>(sign | std::bit_cast<uint32_t>(scaled));
}

/// The IEEE binary16 at `source`, of any alignment.
inline float half_at(const std::byte* source) {
  return f16_to_float(load_unaligned<uint16_t>(source));
}

/// Nearest IEEE binary16, ties to even; too large becomes infinity, NaN stays NaN.
inline uint16_t float_to_f16(float value) {
  const uint32_t bits = std::bit_cast<uint32_t>(value);
  const uint16_t sign = static_cast<uint16_t>((bits >> 16) & 0x8000u);
  const uint32_t magnitude = bits & 0x7fffffffu;
  if (magnitude > 0x7f800000u) return sign | 0x7e00u;
  if (magnitude >= 0x477ff000u) return sign | 0x7c00u;
  if (magnitude < 0x38800000u) {
    // A subnormal half counts units of 2^-24: adding 0.5 leaves just those bits, rounded.
    const float shifted = std::bit_cast<float>(magnitude) + 0.5f;
    return sign | static_cast<uint16_t>(std::bit_cast<uint32_t>(shifted) - 0x3f000000u);
  }
  const uint32_t rounded = magnitude + 0xfffu + ((magnitude >> 13) & 1u);
  return sign | static_cast<uint16_t>((rounded - 0x38000000u) >> 13);
}

}  // namespace flamingo::kernels
