#include "flamingo/parquet/thrift.h"

#include <gtest/gtest.h>

#include "flamingo/core/error.h"
#include "tests/io/byte_builder.h"

namespace flamingo::parquet {
namespace {

using testing::as_bytes;

uint64_t varint(std::string_view bytes) {
  io::ByteReader reader(as_bytes(bytes), "x");
  return read_varint(reader);
}

TEST(Thrift, Varints) {
  EXPECT_EQ(varint(std::string_view("\0", 1)), 0u);
  EXPECT_EQ(varint("\xAC\x02"), 300u);
  EXPECT_EQ(varint("\xFF\xFF\xFF\xFF\xFF\xFF\xFF\xFF\xFF\x01"), UINT64_MAX);
  EXPECT_THROW(varint("\xFF\xFF\xFF\xFF\xFF\xFF\xFF\xFF\xFF\x02"), Error);
  EXPECT_THROW(varint("\xFF"), Error);
}

/// A structure by hand: 1: true, 2: 32-bit -3, 20: "ab", 21: [1, 2] of bytes, 22: map, stop.
const std::string kStruct(
    "\x11\x15\x05\x08\x28\x02"
    "ab\x19\x23\x01\x02\x1B\x01\x83\x01k\x07\x00",
    19);

TEST(Thrift, ReadsEachKindOfFieldAndSkipsTheRest) {
  io::ByteReader bytes(as_bytes(kStruct), "x");
  ThriftReader reader(bytes);
  std::string seen;
  reader.read_struct([&](const ThriftField& field) {
    seen += std::to_string(field.id) + ":";
    if (field.id == 1) {
      seen += reader.boolean(field) ? "true" : "false";
    } else if (field.id == 2) {
      seen += std::to_string(reader.integer(field, -3, 3));
    } else if (field.id == 20) {
      seen += reader.text(field);
    } else {
      reader.skip(field);
    }
    seen += " ";
  });
  EXPECT_EQ(seen, "1:true 2:-3 20:ab 21: 22: ");
  EXPECT_EQ(bytes.remaining(), 0u);
}

TEST(Thrift, RefusesOtherTypesRangesAndDepth) {
  const auto with = [](std::string_view text, const auto& visit) {
    io::ByteReader bytes(as_bytes(text), "x");
    ThriftReader reader(bytes);
    reader.read_struct([&](const ThriftField& field) { visit(reader, field); });
  };
  const auto number = [](auto& reader, auto& field) { reader.integer(field, 0, 3); };
  EXPECT_THROW(with(kStruct, number), Error);                       // a boolean
  EXPECT_THROW(with(std::string("\x15\x08\0", 3), number), Error);  // 4
  EXPECT_NO_THROW(with(std::string("\x15\x06\0", 3), number));      // 3
  EXPECT_THROW(
      with(std::string(100, '\x1C'), [](auto& reader, auto& field) { reader.skip(field); }), Error);
  const std::string long_list("\x19\xF3\xFF\xFF\x7F\x01", 6);
  EXPECT_THROW(with(long_list, [](auto& reader, auto& field) { reader.skip(field); }), Error);
}

}  // namespace
}  // namespace flamingo::parquet
