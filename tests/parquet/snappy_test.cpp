#include "flamingo/parquet/snappy.h"

#include <gtest/gtest.h>

#include "flamingo/core/error.h"
#include "tests/io/byte_builder.h"

namespace flamingo::parquet {
namespace {

std::string unpack(const std::string& block, uint64_t size) {
  return unpack_snappy(testing::as_bytes(block), size, "x");
}

TEST(Snappy, LiteralsAndCopiesOfEachKind) {
  EXPECT_EQ(unpack(std::string("\0", 1), 0), "");
  EXPECT_EQ(unpack("\x03\x08"
                   "abc",
                   3),
            "abc");
  EXPECT_EQ(unpack(std::string("\x0B\x08"
                               "abc\x11\x03",
                               7),
                   11),
            "abcabcabcab");  // overlapping
  EXPECT_EQ(unpack(std::string("\x06\x08"
                               "abc\x0A\x03\0",
                               8),
                   6),
            "abcabc");
  EXPECT_EQ(unpack(std::string("\x06\x08"
                               "abc\x0B\x03\0\0\0",
                               10),
                   6),
            "abcabc");
  const std::string text(300, 'q');
  EXPECT_EQ(unpack(std::string("\xAC\x02\xF4\x2B\x01", 5) + text, 300), text);
}

TEST(Snappy, RefusesDamage) {
  EXPECT_THROW(unpack("\x03\x08"
                      "abc",
                      4),
               Error);  // another size than asked
  EXPECT_THROW(unpack("\x03\x08"
                      "ab",
                      3),
               Error);  // cut off
  EXPECT_THROW(unpack("\x02\x08"
                      "abc",
                      2),
               Error);  // more than promised
  EXPECT_THROW(unpack("\x04\x08"
                      "abc",
                      4),
               Error);  // less than promised
  EXPECT_THROW(unpack("\x07\x08"
                      "abc\x01\x04",
                      7),
               Error);  // copy from before the start
  EXPECT_THROW(unpack(std::string("\x07\x08"
                                  "abc\x01\0",
                                  7),
                      7),
               Error);                                              // distance 0
  EXPECT_THROW(unpack("\xFF\xFF\xFF\xFF\x0F", 0xFFFFFFFF), Error);  // 4 GiB from nothing
}

}  // namespace
}  // namespace flamingo::parquet
