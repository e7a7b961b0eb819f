#include "flamingo/kernels/block_codes.h"

#include <gtest/gtest.h>

#include "flamingo/core/error.h"
#include "random_weights.h"

namespace flamingo::kernels {
namespace {

TEST(BlockCodes, KeepThePromisesOfTheirTraits) {
  for (const QuantisedType& quantised : kQuantisedTypes) {
    const BlockLayout layout = block_layout(quantised.type);
    const auto blocks = random_blocks(quantised.type, 8, layout.values, 51);
    BlockCodes codes;
    int least = 0;
    int most = 0;
    for (size_t at = 0; at < blocks.size(); at += static_cast<size_t>(layout.bytes)) {
      quantised.unpack(&blocks[at], codes);
      for (int64_t i = 0; i < layout.values; ++i) {
        const int code = codes.codes[static_cast<size_t>(i)] + quantised.traits.zero_point;
        ASSERT_GE(code, 0) << layout.name;
        ASSERT_LT(code, 1 << quantised.traits.bits) << layout.name;
        least = std::min(least, static_cast<int>(codes.codes[static_cast<size_t>(i)]));
        most = std::max(most, code);
      }
      for (int64_t g = 0; g < layout.values / quantised.traits.group; ++g) {
        const float scale = codes.scale[static_cast<size_t>(g)];
        const float offset = codes.offset[static_cast<size_t>(g)];
        if (quantised.traits.half_scale) {
          EXPECT_EQ(f16_to_float(float_to_f16(scale)), scale) << layout.name;
          EXPECT_EQ(f16_to_float(float_to_f16(offset)), offset) << layout.name;
        }
        if (!quantised.traits.has_offset) {
          EXPECT_EQ(offset, 0.0f) << layout.name;
        }
      }
    }
    EXPECT_EQ(least<0, quantised.traits.zero_point> 0) << layout.name;
    EXPECT_GT(most, 2) << layout.name;
  }
}

TEST(BlockCodes, ReadsAQ5BlockByHand) {
  std::vector<std::byte> block(22);
  const uint16_t two = 0x4000;
  const uint32_t fifth = 0x80000001u;  // values 0 and 31
  std::memcpy(&block[0], &two, 2);
  std::memcpy(&block[2], &fifth, 4);
  block[6] = std::byte{0x21};   // value 0: 1, value 16: 2
  block[21] = std::byte{0xf3};  // value 15: 3, value 31: 15
  BlockCodes codes;
  unpack_q5_0(block.data(), codes);
  EXPECT_EQ(codes.scale[0], 2.0f);
  EXPECT_EQ(codes.codes[0], 1);
  EXPECT_EQ(codes.codes[16], 2 - 16);
  EXPECT_EQ(codes.codes[15], 3 - 16);
  EXPECT_EQ(codes.codes[31], 15);
}

TEST(BlockCodes, PlainTypesHaveNone) {
  EXPECT_FALSE(is_quantised(BlockType::kBF16));
  EXPECT_TRUE(is_quantised(BlockType::kQ6_K));
  EXPECT_THROW(quantised_type(BlockType::kF32), Error);
}

}  // namespace
}  // namespace flamingo::kernels
