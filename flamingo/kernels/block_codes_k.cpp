#include "flamingo/kernels/block_codes.h"
#include "flamingo/kernels/half.h"

namespace flamingo::kernels {
namespace {

/// Byte `i` of a block as an unsigned number.
int byte_at(const std::byte* source, int i) { return std::to_integer<int>(source[i]); }

/// The 8 six-bit (scale, minimum) pairs that Q4_K and Q5_K keep in 12 bytes: bytes 0..3 hold the
/// scales 0..3, bytes 4..7 the minima 0..3, bytes 8..11 the low nibbles of both for 4..7, whose two
/// upper bits are the upper bits of bytes 0..7.
void unpack_scale_pairs(const std::byte* block, BlockCodes& out) {
  const float scale = half_at(block);
  const float minimum = half_at(block + 2);
  const std::byte* packed = block + 4;
  for (int g = 0; g < 4; ++g) {
    out.scale[g] = scale * static_cast<float>(byte_at(packed, g) & 63);
    out.offset[g] = -minimum * static_cast<float>(byte_at(packed, g + 4) & 63);
    const int low = byte_at(packed, g + 8);
    const int high_scale = (low & 15) | (byte_at(packed, g) >> 6) << 4;
    const int high_minimum = (low >> 4) | (byte_at(packed, g + 4) >> 6) << 4;
    out.scale[g + 4] = scale * static_cast<float>(high_scale);
    out.offset[g + 4] = -minimum * static_cast<float>(high_minimum);
  }
}

/// Eight groups of 32: groups 2j and 2j + 1 are the low and high nibbles of 32 bytes; with a fifth
/// bit, bit g of `high[l]` belongs to value l of group g.
void unpack_nibble_groups(const std::byte* nibbles, const std::byte* high, BlockCodes& out) {
  for (int g = 0; g < 8; ++g) {
    for (int l = 0; l < 32; ++l) {
      const int byte = byte_at(nibbles, 32 * (g / 2) + l);
      const int nibble = g % 2 == 0 ? byte & 15 : byte >> 4;
      const int fifth = high != nullptr ? (byte_at(high, l) >> g) & 1 : 0;
      out.codes[32 * g + l] = static_cast<int8_t>(nibble | fifth << 4);
    }
  }
}

/// Value i of the two-bit fields of Q2_K and Q3_K: 128 values share 32 bytes, 32 to each shift.
int two_bits(const std::byte* fields, int i) {
  const int byte = byte_at(fields, 32 * (i / 128) + i % 32);
  return (byte >> (2 * ((i / 32) % 4))) & 3;
}

/// The 16 six-bit scales of Q3_K, kept in 12 bytes: 8 bytes of nibbles, then 4 of two-bit fields.
int q3_scale(const std::byte* packed, int g) {
  const int nibble = g < 8 ? byte_at(packed, g) & 15 : byte_at(packed, g - 8) >> 4;
  const int upper = (byte_at(packed, 8 + g % 4) >> (2 * (g / 4))) & 3;
  return (nibble | upper << 4) - 32;
}

}  // namespace

void unpack_q2_k(const std::byte* block, BlockCodes& out) {
  const std::byte* fields = block + 16;
  const float scale = half_at(block + 80);
  const float minimum = half_at(block + 82);
  for (int g = 0; g < 16; ++g) {
    out.scale[g] = scale * static_cast<float>(byte_at(block, g) & 15);
    out.offset[g] = -minimum * static_cast<float>(byte_at(block, g) >> 4);
  }
  for (int i = 0; i < 256; ++i) out.codes[i] = static_cast<int8_t>(two_bits(fields, i));
}

void unpack_q3_k(const std::byte* block, BlockCodes& out) {
  const std::byte* fields = block + 32;
  const std::byte* scales = block + 96;
  const float scale = half_at(block + 108);
  for (int g = 0; g < 16; ++g) {
    out.scale[g] = scale * static_cast<float>(q3_scale(scales, g));
    out.offset[g] = 0.0f;
  }
  for (int i = 0; i < 256; ++i) {
    const int third = (byte_at(block, i % 32) >> (i / 32)) & 1;
    out.codes[i] = static_cast<int8_t>(two_bits(fields, i) - (third != 0 ? 0 : 4));
  }
}

void unpack_q4_k(const std::byte* block, BlockCodes& out) {
  unpack_scale_pairs(block, out);
  unpack_nibble_groups(block + 16, nullptr, out);
}

void unpack_q5_k(const std::byte* block, BlockCodes& out) {
  unpack_scale_pairs(block, out);
  unpack_nibble_groups(block + 48, block + 16, out);
}

void unpack_q6_k(const std::byte* block, BlockCodes& out) {
  const std::byte* upper = block + 128;
  const std::byte* scales = block + 192;
  const float scale = half_at(block + 208);
  for (int g = 0; g < 16; ++g) {
    out.scale[g] = scale * static_cast<float>(load_unaligned<int8_t>(scales + g));
    out.offset[g] = 0.0f;
  }
  for (int i = 0; i < 256; ++i) {
    const int quarter = (i / 32) % 4;
    const int low = byte_at(block, 64 * (i / 128) + i % 64);
    const int nibble = quarter < 2 ? low & 15 : low >> 4;
    const int high = (byte_at(upper, 32 * (i / 128) + i % 32) >> (2 * quarter)) & 3;
    out.codes[i] = static_cast<int8_t>((nibble | high << 4) - 32);
  }
}

}  // namespace flamingo::kernels
