#include <gtest/gtest.h>

#include <cstring>
#include <vector>

#include "flamingo/kernels/block_codes.h"

namespace flamingo::kernels {
namespace {

constexpr uint16_t kHalfOne = 0x3c00;

std::vector<std::byte> block_with_half_one(size_t bytes, std::initializer_list<size_t> fields) {
  std::vector<std::byte> block(bytes);
  for (const size_t field : fields) std::memcpy(&block[field], &kHalfOne, 2);
  return block;
}

TEST(BlockCodesK, Q4ScalesAreSixBitsInTwoPieces) {
  auto block = block_with_half_one(144, {0, 2});
  block[4] = std::byte{0b11000101};  // scale 0 = 5; upper bits of scale 4 = 3
  block[8] = std::byte{0b01000110};  // minimum 0 = 6; upper bits of minimum 4 = 1
  block[12] = std::byte{0x97};       // scale 4 low = 7, minimum 4 low = 9
  block[16] = std::byte{0xba};       // value 0 = 10, value 32 = 11
  BlockCodes codes;
  unpack_q4_k(block.data(), codes);
  EXPECT_EQ(codes.scale[0], 5.0f);
  EXPECT_EQ(codes.offset[0], -6.0f);
  EXPECT_EQ(codes.scale[4], 3.0f * 16.0f + 7.0f);
  EXPECT_EQ(codes.offset[4], -(16.0f + 9.0f));
  EXPECT_EQ(codes.codes[0], 10);
  EXPECT_EQ(codes.codes[32], 11);
}

TEST(BlockCodesK, Q5FifthBitsGoByGroup) {
  auto block = block_with_half_one(176, {0, 2});
  block[16] = std::byte{0b10000010};  // value 0 of groups 1 and 7
  BlockCodes codes;
  unpack_q5_k(block.data(), codes);
  EXPECT_EQ(codes.codes[0], 0);
  EXPECT_EQ(codes.codes[32], 16);
  EXPECT_EQ(codes.codes[224], 16);
}

TEST(BlockCodesK, Q3SubtractsFourWhereTheThirdBitIsClear) {
  auto block = block_with_half_one(110, {108});
  block[0] = std::byte{0b00000010};   // third bit of value 32
  block[32] = std::byte{0b00001101};  // value 0 = 1, value 32 = 3
  BlockCodes codes;
  unpack_q3_k(block.data(), codes);
  EXPECT_EQ(codes.codes[0], 1 - 4);
  EXPECT_EQ(codes.codes[32], 3);
  EXPECT_EQ(codes.scale[0], -32.0f);
}

TEST(BlockCodesK, Q2HasAScaleAndAMinimumForEvery16) {
  auto block = block_with_half_one(84, {80, 82});
  block[15] = std::byte{0x25};  // last group: scale 5, minimum 2
  block[79] = std::byte{0xc0};  // value 255 = 3
  BlockCodes codes;
  unpack_q2_k(block.data(), codes);
  EXPECT_EQ(codes.scale[15], 5.0f);
  EXPECT_EQ(codes.offset[15], -2.0f);
  EXPECT_EQ(codes.codes[255], 3);
}

TEST(BlockCodesK, Q6JoinsNibblesAndPairs) {
  auto block = block_with_half_one(210, {208});
  block[0] = std::byte{0x21};    // value 0: 1, value 64: 2
  block[128] = std::byte{0x13};  // value 0: upper bits 3, value 64: upper bits 1
  block[192] = std::byte{0xff};  // scale of group 0: -1
  BlockCodes codes;
  unpack_q6_k(block.data(), codes);
  EXPECT_EQ(codes.codes[0], 1 + 48 - 32);
  EXPECT_EQ(codes.codes[64], 2 + 16 - 32);
  EXPECT_EQ(codes.scale[0], -1.0f);
}

}  // namespace
}  // namespace flamingo::kernels
