#pragma once

#include <cmath>
#include <cstring>
#include <map>
#include <vector>

#include "flamingo/core/rng.h"
#include "flamingo/kernels/block_codes.h"
#include "flamingo/kernels/block_type.h"
#include "flamingo/kernels/half.h"
#include "flamingo/kernels/kernels.h"
#include "tests/support/seed.h"

namespace flamingo {

/// Where a block keeps its binary16 scales; everything else may be any bytes.
inline std::vector<int> half_fields(kernels::BlockType type) {
  static const std::map<kernels::BlockType, std::vector<int>> fields = {
      {kernels::BlockType::kQ4_0, {0}},    {kernels::BlockType::kQ4_1, {0, 2}},
      {kernels::BlockType::kQ5_0, {0}},    {kernels::BlockType::kQ5_1, {0, 2}},
      {kernels::BlockType::kQ8_0, {0}},    {kernels::BlockType::kQ2_K, {80, 82}},
      {kernels::BlockType::kQ3_K, {108}},  {kernels::BlockType::kQ4_K, {0, 2}},
      {kernels::BlockType::kQ5_K, {0, 2}}, {kernels::BlockType::kQ6_K, {208}},
  };
  return fields.at(type);
}

inline std::vector<float> random_floats(size_t count, uint64_t seed, double scale = 1.0) {
  Rng rng(testing::seeded(seed));
  std::vector<float> values(count);
  for (float& value : values) value = static_cast<float>(scale * rng.normal());
  return values;
}

/// [rows, cols] random weights of any known type; every bit pattern of the codes occurs. `scale`
/// bounds the scales and offsets of quantised blocks.
inline std::vector<std::byte> random_blocks(kernels::BlockType type, int64_t rows, int64_t cols,
                                            uint64_t seed, double scale = 0.01) {
  Rng rng(testing::seeded(seed));
  const kernels::BlockLayout layout = kernels::block_layout(type);
  std::vector<std::byte> blocks(static_cast<size_t>(rows * cols / layout.values * layout.bytes));
  if (type == kernels::BlockType::kF32) {
    for (size_t at = 0; at < blocks.size(); at += 4) {
      const auto value = static_cast<float>(rng.normal());
      std::memcpy(&blocks[at], &value, 4);
    }
    return blocks;
  }
  for (std::byte& byte : blocks) byte = static_cast<std::byte>(rng.below(256));
  const bool plain = !kernels::is_quantised(type);
  const std::vector<int> fields = plain ? std::vector<int>{0} : half_fields(type);
  for (size_t at = 0; at < blocks.size(); at += static_cast<size_t>(layout.bytes)) {
    for (const int field : fields) {
      const auto value = static_cast<float>(rng.uniform(-1.0, 1.0) * (plain ? 1.0 : scale));
      const uint16_t bits = type == kernels::BlockType::kBF16 ? kernels::float_to_bf16(value)
                                                              : kernels::float_to_f16(value);
      std::memcpy(&blocks[at + static_cast<size_t>(field)], &bits, 2);
    }
  }
  return blocks;
}

inline std::vector<float> decoded(kernels::BlockType type, const std::vector<std::byte>& blocks) {
  const kernels::BlockLayout layout = kernels::block_layout(type);
  std::vector<float> values(blocks.size() / static_cast<size_t>(layout.bytes) *
                            static_cast<size_t>(layout.values));
  kernels::decode_blocks(type, blocks, values);
  return values;
}

/// |scale code| + |offset| of every weight: what rounding errors of products are relative to.
inline std::vector<float> magnitudes(kernels::BlockType type,
                                     const std::vector<std::byte>& blocks) {
  std::vector<float> values = decoded(type, blocks);
  if (!kernels::is_quantised(type)) {
    for (float& value : values) value = std::abs(value);
    return values;
  }
  const kernels::QuantisedType& quantised = kernels::quantised_type(type);
  const auto size = static_cast<size_t>(kernels::block_layout(type).values);
  const auto group = static_cast<size_t>(quantised.traits.group);
  kernels::BlockCodes codes;
  for (size_t i = 0; i < values.size(); ++i) {
    if (i % size == 0) {
      quantised.unpack(&blocks[i / size * static_cast<size_t>(kernels::block_layout(type).bytes)],
                       codes);
    }
    const size_t g = i % size / group;
    values[i] = std::abs(codes.scale[g] * static_cast<float>(codes.codes[i % size])) +
                std::abs(codes.offset[g]);
  }
  return values;
}

/// An input vector, prepared by the plain kernels.
inline kernels::InputBuffer prepared_input(const std::vector<float>& x) {
  kernels::InputBuffer buffer;
  buffer.resize(static_cast<int64_t>(x.size()));
  buffer.values = x;
  kernels::scalar_kernels().prepare(static_cast<int64_t>(x.size()), buffer);
  return buffer;
}

/// Bound of the rounding error of a float32 sum of n products, in any order: n u sum |a b|, with
/// some products and sums more for the scales.
inline double rounding_bound(int64_t n, double sum_of_magnitudes) {
  return static_cast<double>(n + 8) * 0x1p-24 * std::abs(sum_of_magnitudes);
}

/// Every type that can be packed.
inline std::vector<kernels::BlockType> all_block_types() {
  std::vector<kernels::BlockType> types(kernels::kPlainTypes.begin(), kernels::kPlainTypes.end());
  for (const kernels::QuantisedType& quantised : kernels::kQuantisedTypes)
    types.push_back(quantised.type);
  return types;
}

}  // namespace flamingo
