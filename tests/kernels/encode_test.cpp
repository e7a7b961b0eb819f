#include "flamingo/kernels/encode.h"

#include <gtest/gtest.h>

#include <algorithm>
#include <cmath>

#include "flamingo/core/error.h"
#include "random_weights.h"

namespace flamingo::kernels {
namespace {

std::vector<std::byte> encoded(BlockType type, const std::vector<float>& values) {
  const BlockLayout layout = block_layout(type);
  std::vector<std::byte> blocks(values.size() / static_cast<size_t>(layout.values) *
                                static_cast<size_t>(layout.bytes));
  encode_blocks(type, values, blocks);
  return blocks;
}

/// Largest error of a block's values, in units of `range` / steps.
double worst_error(BlockType type, const std::vector<float>& values, double steps) {
  const auto back = decoded(type, encoded(type, values));
  double worst = 0.0;
  for (size_t block = 0; block < values.size(); block += 32) {
    double range = 0.0;
    const auto [least, greatest] =
        std::minmax_element(values.begin() + block, values.begin() + block + 32);
    range = type == BlockType::kQ8_0
                ? static_cast<double>(std::max(std::abs(*least), std::abs(*greatest)))
                : static_cast<double>(*greatest - *least);
    for (size_t i = block; i < block + 32; ++i) {
      worst = std::max(worst, std::abs(static_cast<double>(back[i] - values[i])) / range * steps);
    }
  }
  return worst;
}

TEST(Encode, ErrorsStayWithinHalfAStep) {
  const auto values = random_floats(32 * 500, 5, 0.05);
  // Scale and offset are binary16s: 2^-11 of each more.
  EXPECT_LT(worst_error(BlockType::kQ8_0, values, 127.0), 0.5 + 127.0 * 0x1p-11);
  EXPECT_LT(worst_error(BlockType::kQ4_1, values, 15.0), 0.5 + 15.0 * 0x1p-10);
  EXPECT_GT(worst_error(BlockType::kQ4_1, values, 15.0), 0.45);
}

TEST(Encode, DecodedBlocksEncodeToThemselves) {
  for (const BlockType type : {BlockType::kQ8_0, BlockType::kQ4_1}) {
    const auto blocks = encoded(type, random_floats(32 * 50, 6));
    EXPECT_EQ(encoded(type, decoded(type, blocks)), blocks) << block_layout(type).name;
  }
}

TEST(Encode, BlocksOfOneValueAreExact) {
  for (const float value : {0.0f, 0.5f, -2.0f}) {
    const std::vector<float> values(32, value);
    EXPECT_EQ(decoded(BlockType::kQ4_1, encoded(BlockType::kQ4_1, values)), values);
  }
  const std::vector<float> zeros(32, 0.0f);
  EXPECT_EQ(decoded(BlockType::kQ8_0, encoded(BlockType::kQ8_0, zeros)), zeros);
}

TEST(Encode, RefusesOtherTypesSizesAndValues) {
  std::vector<float> values(32, 1.0f);
  std::vector<std::byte> blocks(34);
  EXPECT_THROW(encode_blocks(BlockType::kQ4_K, values, blocks), Error);
  EXPECT_THROW(encode_blocks(BlockType::kQ4_1, values, blocks), Error);
  EXPECT_NO_THROW(encode_blocks(BlockType::kQ8_0, values, blocks));
  values[7] = std::nanf("");
  EXPECT_THROW(encode_blocks(BlockType::kQ8_0, values, blocks), Error);
  values[7] = 1e6f;
  EXPECT_THROW(encode_blocks(BlockType::kQ8_0, values, blocks), Error);
}

}  // namespace
}  // namespace flamingo::kernels
