#include "flamingo/parquet/plain.h"

#include <gtest/gtest.h>

#include "flamingo/core/error.h"
#include "tests/io/byte_builder.h"

namespace flamingo::parquet {
namespace {

using testing::ByteBuilder;

ParquetPlain read(const std::string& bytes, ParquetType type, uint64_t count) {
  io::ByteReader reader(testing::as_bytes(bytes), "x");
  return read_plain(reader, type, count);
}

TEST(Plain, NumbersAndBits) {
  EXPECT_EQ(std::get<0>(read(ByteBuilder().number<int32_t>(-7).str(), ParquetType::kInt32, 1)),
            std::vector<int64_t>{-7});
  EXPECT_EQ(std::get<1>(read(ByteBuilder().number(0.5f).str(), ParquetType::kFloat, 1)),
            std::vector<double>{0.5});
  EXPECT_EQ(std::get<0>(read("\x05\x01", ParquetType::kBool, 9)),
            (std::vector<int64_t>{1, 0, 1, 0, 0, 0, 0, 0, 1}));
}

TEST(Plain, RefusesMoreThanTheBytesHold) {
  const std::string text = ByteBuilder().number<uint32_t>(3).text("abc").str();
  EXPECT_EQ(std::get<2>(read(text, ParquetType::kBytes, 1)).at(0), "abc");
  EXPECT_THROW(read(text, ParquetType::kBytes, 2), Error);
  EXPECT_THROW(read(text.substr(0, 6), ParquetType::kBytes, 1), Error);
  EXPECT_THROW(read("\x05", ParquetType::kBool, 9), Error);
  for (const ParquetType type : {ParquetType::kBytes, ParquetType::kInt64, ParquetType::kBool})
    EXPECT_THROW(read(text, type, UINT64_MAX), Error);
  EXPECT_THROW(read(text, ParquetType::kInt96, 0), Error);
}

}  // namespace
}  // namespace flamingo::parquet
