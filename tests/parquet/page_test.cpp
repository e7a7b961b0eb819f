#include "flamingo/parquet/page.h"

#include <gtest/gtest.h>

#include "flamingo/core/error.h"
#include "tests/crawl/compress.h"
#include "tests/io/byte_builder.h"

namespace flamingo::parquet {
namespace {

using testing::as_bytes;
using testing::error_of;

ParquetPageHeader read(const std::string& bytes) {
  io::ByteReader reader(as_bytes(bytes), "x");
  return read_page_header(reader);
}

TEST(ParquetPage, ReadsHeadersOfEachType) {
  // type 0, 100 bytes unpacked, 50 stored; 3 values, plain, levels of encoding 3
  const auto first =
      read(std::string("\x15\0\x15\xC8\x01\x15\x64\x2C\x15\x06\x15\0\x15\x06\x15\x06\0\0", 18));
  EXPECT_EQ(first.type, ParquetPageType::kData);
  EXPECT_EQ(first.unpacked_size, 100u);
  EXPECT_EQ(first.size, 50u);
  EXPECT_EQ(first.num_entries, 3);
  EXPECT_EQ(first.level_encoding, 3);
  // type 3; 3 values, 1 null, 2 rows, dictionary, 4 and 5 bytes of levels, not packed
  const auto second = read(std::string(
      "\x15\x06\x15\x14\x15\x14\x5C\x15\x06\x15\x02\x15\x04\x15\x10\x15\x08\x15\x0A\x12\0\0", 22));
  EXPECT_EQ(second.type, ParquetPageType::kData2);
  EXPECT_EQ(second.encoding, 8);
  EXPECT_EQ(second.definition_size, 4u);
  EXPECT_EQ(second.repetition_size, 5u);
  EXPECT_FALSE(second.packed);
}

TEST(ParquetPage, RefusesHeadersThatDoNotFit) {
  EXPECT_THROW(read(std::string("\x15\x06\x15\x14\x15\x14\0", 7)), Error);  // without its part
  EXPECT_THROW(read(std::string("\x15\x08\0", 3)), Error);                  // type 4
  EXPECT_THROW(read(std::string("\x15\0\x15\x01\0", 5)), Error);            // -1 bytes
  EXPECT_THROW(read("\x15"), Error);
}

TEST(ParquetPage, UnpacksEachCodecToTheSizeItSays) {
  const std::string text = "My puppy sits in the grass.";
  EXPECT_EQ(unpack_page(as_bytes(testing::gzip_text(text)), 2, 27, "x"), text);
  EXPECT_EQ(unpack_page(as_bytes(testing::zstd_text(text)), 6, 27, "x"), text);
  EXPECT_EQ(unpack_page(as_bytes("\x03\x08"
                                 "abc"),
                        1, 3, "x"),
            "abc");
  for (const uint64_t size : {26u, 28u})
    EXPECT_THROW(unpack_page(as_bytes(testing::zstd_text(text)), 6, size, "x"), Error);
  EXPECT_EQ(unpack_page(as_bytes("\x0B\x02\x80puppy\x03"), 4, 5, "x"), "puppy");
  EXPECT_EQ(unpack_page({}, 1, 0, "x"), "") << "nothing to unpack";
  EXPECT_NE(error_of([] { unpack_page({}, 3, 1, "x"); }).find("LZO"), std::string::npos);
  EXPECT_NE(error_of([] { unpack_page({}, 200, 1, "x"); }).find("200"), std::string::npos);
}

}  // namespace
}  // namespace flamingo::parquet
