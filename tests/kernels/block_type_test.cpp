#include "flamingo/kernels/block_type.h"

#include <gtest/gtest.h>

#include "flamingo/core/error.h"

namespace flamingo::kernels {
namespace {

TEST(BlockType, NamesAndNumbersAgree) {
  for (uint32_t raw = 0; raw < 64; ++raw) {
    if (!is_known_block_type(raw)) continue;
    const auto type = static_cast<BlockType>(raw);
    const BlockLayout layout = block_layout(type);
    EXPECT_EQ(block_type_from_name(layout.name), type);
    EXPECT_GT(layout.values, 0);
    EXPECT_GT(layout.bytes, 0);
  }
}

TEST(BlockType, KnowsExactlyTheSupportedNumbers) {
  int known = 0;
  for (uint32_t raw = 0; raw < 1000; ++raw) known += is_known_block_type(raw) ? 1 : 0;
  EXPECT_EQ(known, 13);
  EXPECT_FALSE(is_known_block_type(4));  // Q4_2, withdrawn
  EXPECT_TRUE(is_known_block_type(30));  // BF16
}

TEST(BlockType, NamesWhatItDoesNotDecode) {
  EXPECT_EQ(block_type_name(12), "Q4_K");
  EXPECT_EQ(block_type_name(20), "IQ4_NL");
  EXPECT_EQ(block_type_name(39), "MXFP4");
  EXPECT_EQ(block_type_name(4096), "type 4096");
  for (uint32_t raw = 0; raw < 64; ++raw) {
    if (!is_known_block_type(raw)) continue;
    EXPECT_EQ(block_type_name(raw), block_layout(static_cast<BlockType>(raw)).name);
  }
  try {
    block_layout(static_cast<BlockType>(23));
    FAIL();
  } catch (const Error& error) {
    EXPECT_NE(std::string(error.what()).find("IQ4_XS"), std::string::npos) << error.what();
  }
}

TEST(BlockType, RefusesUnknownTypes) {
  EXPECT_THROW(block_layout(static_cast<BlockType>(99)), Error);
  EXPECT_THROW(block_type_from_name("Q9_9"), Error);
}

}  // namespace
}  // namespace flamingo::kernels
