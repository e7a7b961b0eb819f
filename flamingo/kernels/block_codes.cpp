#include "flamingo/kernels/block_codes.h"

#include <string>

#include "flamingo/core/error.h"
#include "flamingo/kernels/half.h"

namespace flamingo::kernels {
namespace {

/// Q4_0, Q4_1, Q5_0, Q5_1: scale, [offset], [32 fifth bits], 16 bytes of nibbles: the low ones are
/// values 0..15, the high ones 16..31.
template <bool kFifthBit, bool kOffset>
void unpack_nibbles(const std::byte* block, BlockCodes& out) {
  out.scale[0] = half_at(block);
  out.offset[0] = kOffset ? half_at(block + 2) : 0.0f;
  const std::byte* nibbles = block + (kOffset ? 4 : 2);
  uint32_t high_bits = 0;
  if constexpr (kFifthBit) {
    high_bits = load_unaligned<uint32_t>(nibbles);
    nibbles += sizeof(high_bits);
  }
  constexpr int kZero = kOffset ? 0 : (kFifthBit ? 16 : 8);
  for (int i = 0; i < 16; ++i) {
    const int byte = std::to_integer<int>(nibbles[i]);
    const int low = (byte & 15) | static_cast<int>((high_bits >> i) & 1u) << 4;
    const int high = (byte >> 4) | static_cast<int>((high_bits >> (i + 16)) & 1u) << 4;
    out.codes[i] = static_cast<int8_t>(low - kZero);
    out.codes[i + 16] = static_cast<int8_t>(high - kZero);
  }
}

}  // namespace

void unpack_q4_0(const std::byte* block, BlockCodes& out) {
  unpack_nibbles<false, false>(block, out);
}
void unpack_q4_1(const std::byte* block, BlockCodes& out) {
  unpack_nibbles<false, true>(block, out);
}
void unpack_q5_0(const std::byte* block, BlockCodes& out) {
  unpack_nibbles<true, false>(block, out);
}
void unpack_q5_1(const std::byte* block, BlockCodes& out) {
  unpack_nibbles<true, true>(block, out);
}

void unpack_q8_0(const std::byte* block, BlockCodes& out) {
  out.scale[0] = half_at(block);
  out.offset[0] = 0.0f;
  std::memcpy(out.codes.data(), block + 2, 32);
}

const QuantisedType& quantised_type(BlockType type) {
  const int index = quantised_index(type);
  if (index < 0) {
    fail("quantised_type", "expected a quantised type, got {}", static_cast<uint32_t>(type));
  }
  return kQuantisedTypes[static_cast<size_t>(index)];
}

}  // namespace flamingo::kernels
