#include "flamingo/io/gguf_metadata.h"

#include <gtest/gtest.h>

#include "tests/io/byte_builder.h"

namespace flamingo::io {
namespace {

using testing::as_bytes;
using testing::ByteBuilder;
using testing::error_of;

GgufValue read(const std::string& bytes) {
  ByteReader reader(as_bytes(bytes), "x");
  const GgufValue value = read_gguf_value(reader, "k");
  EXPECT_EQ(reader.remaining(), 0u);
  return value;
}

/// The value of a type whose content is `number`, alone and as an array of one.
template <class T, class Wide, class WideItem>
void expect_number(uint32_t type, T number) {
  const GgufValue single = read(ByteBuilder().number(type).number(number).str());
  EXPECT_EQ(std::get<Wide>(single), static_cast<Wide>(number));
  const GgufValue array =
      read(ByteBuilder().number<uint32_t>(9).number(type).number<uint64_t>(1).number(number).str());
  EXPECT_EQ(std::get<std::vector<WideItem>>(array).at(0), static_cast<WideItem>(number));
}

TEST(GgufMetadata, ReadsEveryNumberType) {
  expect_number<uint8_t, uint64_t, int64_t>(0, 255);
  expect_number<int8_t, int64_t, int64_t>(1, -128);
  expect_number<uint16_t, uint64_t, int64_t>(2, 65535);
  expect_number<int16_t, int64_t, int64_t>(3, -32768);
  expect_number<uint32_t, uint64_t, int64_t>(4, 4294967295u);
  expect_number<int32_t, int64_t, int64_t>(5, -2147483647);
  expect_number<float, double, double>(6, 1.5f);
  expect_number<uint8_t, bool, int64_t>(7, 1);
  expect_number<uint64_t, uint64_t, int64_t>(10, 1ull << 62);
  expect_number<int64_t, int64_t, int64_t>(11, -(1ll << 62));
  expect_number<double, double, double>(12, 0.1);
}

TEST(GgufMetadata, ReadsStrings) {
  const std::string bytes = ByteBuilder().counted("abc").str();
  ByteReader reader(as_bytes(bytes), "x");
  EXPECT_EQ(read_gguf_string(reader), "abc");
  EXPECT_EQ(std::get<std::string>(read(ByteBuilder().number<uint32_t>(8).counted("").str())), "");
}

TEST(GgufMetadata, NamesTheKeyInErrors) {
  const std::string bytes = ByteBuilder().number<uint32_t>(99).str();
  EXPECT_EQ(error_of([&] { read(bytes); }), "[x: k] expected a metadata type from 0 to 12, got 99");
}

}  // namespace
}  // namespace flamingo::io
