#include "flamingo/parquet/hybrid.h"

#include <gtest/gtest.h>

#include "flamingo/core/error.h"
#include "tests/io/byte_builder.h"

namespace flamingo::parquet {
namespace {

std::vector<uint32_t> read(const std::string& bytes, int bit_width, uint64_t count) {
  io::ByteReader reader(testing::as_bytes(bytes), "x");
  return read_hybrid(reader, bit_width, count);
}

TEST(Hybrid, RunsAndPackedGroups) {
  // the example of the format: 0 to 7 in three bits each
  const std::string packed("\x03\x88\xC6\xFA", 4);
  EXPECT_EQ(read(packed, 3, 8), (std::vector<uint32_t>{0, 1, 2, 3, 4, 5, 6, 7}));
  EXPECT_EQ(read(packed, 3, 5), (std::vector<uint32_t>{0, 1, 2, 3, 4}));
  EXPECT_EQ(read("\x06\x05" + packed, 3, 5), (std::vector<uint32_t>{5, 5, 5, 0, 1}));
  EXPECT_EQ(read(std::string("\x04\x2C\x01", 3), 9, 2), (std::vector<uint32_t>{300, 300}));
  EXPECT_EQ(read("\x04", 0, 2), (std::vector<uint32_t>{0, 0}));
  const std::string wide = "\x03" + std::string(32, '\xFF');
  EXPECT_EQ(read(wide, 32, 8), std::vector<uint32_t>(8, UINT32_MAX));
}

TEST(Hybrid, RefusesMissingBytesAndWidths) {
  EXPECT_THROW(read("\x06\x05", 3, 4), Error);      // three of four
  EXPECT_THROW(read("\x03\x88\xC6", 3, 8), Error);  // two of three bytes
  EXPECT_THROW(read("\x06\x05", 33, 1), Error);
  EXPECT_THROW(read("\xFF\xFF\xFF\xFF\xFF\xFF\xFF\xFF\xFF\x01", 32, 1), Error);  // 2^63 groups
}

}  // namespace
}  // namespace flamingo::parquet
