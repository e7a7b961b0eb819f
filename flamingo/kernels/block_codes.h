#pragma once

#include <array>
#include <cstddef>
#include <cstdint>

#include "flamingo/kernels/block_type.h"

namespace flamingo::kernels {

/// One quantised block taken apart, the same for every quantised type:
///   value[i] = scale[i / group] * codes[i] + offset[i / group].
/// The zero point is already subtracted from the codes of types without an offset.
struct BlockCodes {
  static constexpr int kMaxValues = 256;
  static constexpr int kMaxGroups = 16;

  std::array<int8_t, kMaxValues> codes{};
  std::array<float, kMaxGroups> scale{};
  std::array<float, kMaxGroups> offset{};
};

/// How the codes of a quantised type are bounded and grouped.
struct CodeTraits {
  int group = 32;           ///< values that share one scale (and offset): 16 or 32
  int bits = 8;             ///< codes + zero_point fit in this many unsigned bits: 4, 5 or 8
  int zero_point = 0;       ///< codes + zero_point >= 0; always 128 where bits is 8
  bool has_offset = false;  ///< whether `offset` may differ from 0
  bool half_scale = false;  ///< whether scale and offset are exact in binary16
};

/// Takes one block of a quantised type apart; `block` holds block_layout(type).bytes bytes.
using UnpackBlock = void (*)(const std::byte* block, BlockCodes& out);

/// The types of 32 values.
void unpack_q4_0(const std::byte* block, BlockCodes& out);
void unpack_q4_1(const std::byte* block, BlockCodes& out);
void unpack_q5_0(const std::byte* block, BlockCodes& out);
void unpack_q5_1(const std::byte* block, BlockCodes& out);
void unpack_q8_0(const std::byte* block, BlockCodes& out);
/// The types of 256 values ("K-quants"): two levels of scales.
void unpack_q2_k(const std::byte* block, BlockCodes& out);
void unpack_q3_k(const std::byte* block, BlockCodes& out);
void unpack_q4_k(const std::byte* block, BlockCodes& out);
void unpack_q5_k(const std::byte* block, BlockCodes& out);
void unpack_q6_k(const std::byte* block, BlockCodes& out);

/// One row of the table of quantised types.
struct QuantisedType {
  BlockType type;
  CodeTraits traits;
  UnpackBlock unpack;
};

/// Every type made of codes and scales. Kernels instantiate themselves from this table.
inline constexpr std::array<QuantisedType, 10> kQuantisedTypes = {{
    {BlockType::kQ4_0, {32, 4, 8, false, true}, unpack_q4_0},
    {BlockType::kQ4_1, {32, 4, 0, true, true}, unpack_q4_1},
    {BlockType::kQ5_0, {32, 5, 16, false, true}, unpack_q5_0},
    {BlockType::kQ5_1, {32, 5, 0, true, true}, unpack_q5_1},
    {BlockType::kQ8_0, {32, 8, 128, false, true}, unpack_q8_0},
    {BlockType::kQ2_K, {16, 4, 0, true, false}, unpack_q2_k},
    {BlockType::kQ3_K, {16, 4, 4, false, false}, unpack_q3_k},
    {BlockType::kQ4_K, {32, 4, 0, true, false}, unpack_q4_k},
    {BlockType::kQ5_K, {32, 5, 0, true, false}, unpack_q5_k},
    {BlockType::kQ6_K, {16, 8, 128, false, false}, unpack_q6_k},
}};

/// Row of `type` in kQuantisedTypes, or -1 for the plain float types.
constexpr int quantised_index(BlockType type) {
  for (size_t i = 0; i < kQuantisedTypes.size(); ++i) {
    if (kQuantisedTypes[i].type == type) return static_cast<int>(i);
  }
  return -1;
}

/// Whether values of the type are stored as blocks of integer codes.
constexpr bool is_quantised(BlockType type) { return quantised_index(type) >= 0; }

/// Row of kQuantisedTypes. Throws Error on a plain float type.
const QuantisedType& quantised_type(BlockType type);

}  // namespace flamingo::kernels
