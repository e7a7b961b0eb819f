#include <gtest/gtest.h>

#include <algorithm>
#include <cmath>
#include <cstring>
#include <vector>

#include "flamingo/core/error.h"
#include "flamingo/io/safetensors.h"
#include "flamingo/kernels/block_type.h"
#include "tests/support/rounding.h"

namespace flamingo::kernels {
namespace {

std::vector<float> floats_of(const io::TensorView& view) {
  std::vector<float> values(view.data.size() / sizeof(float));
  std::memcpy(values.data(), view.data.data(), view.data.size());
  return values;
}

class DecodeGolden : public ::testing::TestWithParam<const char*> {};

TEST_P(DecodeGolden, MatchesTheReferenceDecoder) {
  const io::Safetensors file =
      io::Safetensors::open(FLAMINGO_GOLDEN_DIR "/gguf-tiny/blocks.safetensors");
  const std::string name = GetParam();
  const io::TensorView* blocks = file.find(name + ".blocks");
  const io::TensorView* values = file.find(name + ".values");
  ASSERT_NE(blocks, nullptr);
  ASSERT_NE(values, nullptr);
  const std::vector<float> expected = floats_of(*values);
  std::vector<float> decoded(expected.size());
  decode_blocks(block_type_from_name(name), blocks->data, decoded);
  for (size_t i = 0; i < expected.size(); ++i) {
    // scale * code + offset, of which the reference may round the product before the sum.
    ASSERT_NEAR(decoded[i], expected[i], testing::rounding<float>(2, std::abs(expected[i])))
        << name << " value " << i;
  }
}

INSTANTIATE_TEST_SUITE_P(Types, DecodeGolden,
                         ::testing::Values("F16", "BF16", "Q4_0", "Q4_1", "Q5_0", "Q5_1", "Q8_0",
                                           "Q2_K", "Q3_K", "Q4_K", "Q5_K", "Q6_K"),
                         [](const auto& info) { return std::string(info.param); });

TEST(Decode, CopiesFloat32) {
  const std::vector<float> values = {1.5f, -0.0f, 3e38f};
  std::vector<float> decoded(3);
  decode_blocks(BlockType::kF32, std::as_bytes(std::span(values)), decoded);
  EXPECT_EQ(std::memcmp(decoded.data(), values.data(), 12), 0);
}

TEST(Decode, AcceptsNothing) { EXPECT_NO_THROW(decode_blocks(BlockType::kQ4_K, {}, {})); }

TEST(Decode, RefusesPartialBlocksAndWrongRoom) {
  const std::vector<std::byte> bytes(36);
  std::vector<float> values(64);
  EXPECT_NO_THROW(decode_blocks(BlockType::kQ4_0, bytes, values));
  EXPECT_THROW(decode_blocks(BlockType::kQ4_0, std::span(bytes).first(35), values), Error);
  EXPECT_THROW(decode_blocks(BlockType::kQ4_0, bytes, std::span(values).first(63)), Error);
}

}  // namespace
}  // namespace flamingo::kernels
