#include "flamingo/parquet/lz4.h"

#include <gtest/gtest.h>

#include "flamingo/core/error.h"
#include "flamingo/core/rng.h"
#include "tests/io/byte_builder.h"

namespace flamingo::parquet {
namespace {

using testing::as_bytes;

const std::string kText = "puppyyyyyyyyquack";

std::string block() {
  // token: 5 literals, copy of 4 + 3; offset 1; token: 5 literals
  return std::string("\x53puppy\x01\0\x50quack", 14);
}

std::string frame(const std::string& packed, uint32_t size) {
  return testing::ByteBuilder()
      .number(__builtin_bswap32(size))
      .number(__builtin_bswap32(static_cast<uint32_t>(packed.size())))
      .text(packed)
      .str();
}

TEST(Lz4, RawBlocks) {
  EXPECT_EQ(unpack_lz4(as_bytes(block()), 17, "x"), kText);
  for (const uint64_t size : {0ull, 16ull, 18ull, 1ull << 40})
    EXPECT_THROW(unpack_lz4(as_bytes(block()), size, "x"), Error) << size;
  EXPECT_THROW(unpack_lz4(as_bytes(block().substr(0, 10)), 17, "x"), Error);
}

TEST(Lz4, HadoopsFramesAndBareBlocks) {
  const std::string one = frame(block(), 17);
  EXPECT_EQ(unpack_hadoop_lz4(as_bytes(one), 17, "x"), kText);
  EXPECT_EQ(unpack_hadoop_lz4(as_bytes(one + one), 34, "x"), kText + kText);
  EXPECT_EQ(unpack_hadoop_lz4(as_bytes(block()), 17, "x"), kText);
  EXPECT_THROW(unpack_hadoop_lz4(as_bytes(one + one), 17, "x"), Error);
  EXPECT_THROW(unpack_hadoop_lz4(as_bytes(one.substr(0, one.size() - 1)), 17, "x"), Error);
  EXPECT_THROW(unpack_hadoop_lz4(as_bytes(frame(block(), 18)), 18, "x"), Error);
}

TEST(Lz4, SurvivesFlips) {
  std::string bytes = frame(block(), 17) + frame(block(), 17);
  Rng rng(4);
  int errors = 0;
  for (int i = 0; i < 5'000; ++i) {
    std::string flipped = bytes;
    flipped[rng.below(flipped.size())] ^= static_cast<char>(1 + rng.below(255));
    try {
      EXPECT_EQ(unpack_hadoop_lz4(as_bytes(flipped), 34, "x").size(), 34u);
    } catch (const Error&) {
      ++errors;
    }
  }
  EXPECT_GT(errors, 500);
}

}  // namespace
}  // namespace flamingo::parquet
