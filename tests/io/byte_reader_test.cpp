#include "flamingo/io/byte_reader.h"

#include <gtest/gtest.h>

#include "tests/io/byte_builder.h"

namespace flamingo::io {
namespace {

using testing::as_bytes;
using testing::ByteBuilder;
using testing::error_of;

TEST(ByteReader, ReadsNumbersTextAndLines) {
  const std::string bytes = ByteBuilder().number<uint32_t>(7).text("ab\ncd").str();
  ByteReader reader(as_bytes(bytes), "x");
  EXPECT_EQ(reader.read<uint32_t>(), 7u);
  EXPECT_EQ(reader.take_line(2), "ab");
  EXPECT_EQ(reader.position(), 7u);
  EXPECT_EQ(reader.take_text(2), "cd");
  EXPECT_EQ(reader.remaining(), 0u);
}

TEST(ByteReader, RefusesToPassTheEnd) {
  ByteReader reader(as_bytes("abc"), "x");
  reader.take(1);
  EXPECT_EQ(error_of([&] { reader.read<uint32_t>(); }),
            "[x] expected 4 bytes at offset 1, got 2 (hint: the file is cut off or damaged)");
  EXPECT_NE(error_of([&] { reader.take(~0ull); }).find("got 2"), std::string::npos);
  EXPECT_EQ(reader.position(), 1u);
}

TEST(ByteReader, RefusesLongOrOpenLines) {
  const std::string bytes = "abc\nd";
  ByteReader reader(as_bytes(bytes), "x");
  EXPECT_NE(error_of([&] { reader.take_line(2); }).find("at most 2 bytes"), std::string::npos);
  EXPECT_EQ(reader.take_line(3), "abc");
  EXPECT_NE(error_of([&] { reader.take_line(9); }).find("no line end"), std::string::npos);
}

}  // namespace
}  // namespace flamingo::io
