#include "flamingo/parquet/delta.h"

#include <gtest/gtest.h>

#include "flamingo/core/error.h"
#include "flamingo/core/rng.h"
#include "tests/io/byte_builder.h"

namespace flamingo::parquet {
namespace {

using testing::as_bytes;
using testing::error_of;

std::string varint(uint64_t value) {
  std::string out;
  for (; value >= 0x80; value >>= 7) out += static_cast<char>(value | 0x80);
  return out + static_cast<char>(value);
}
std::string zigzag(int64_t value) {
  return varint(static_cast<uint64_t>(value) << 1 ^ static_cast<uint64_t>(value >> 63));
}

/// A stream of one block of 128 in 4 parts; `widths` are the parts' and `packed` their bits.
std::string stream(uint64_t count, int64_t first, int64_t least, const std::string& widths,
                   const std::string& packed) {
  return varint(128) + varint(4) + varint(count) + zigzag(first) + zigzag(least) + widths + packed;
}

const std::string kNoWidths(4, '\0');

std::vector<int64_t> read(const std::string& bytes, uint64_t count, bool is_64_bit = true) {
  io::ByteReader reader(as_bytes(bytes), "x");
  auto values = read_delta_numbers(reader, count, is_64_bit);
  EXPECT_EQ(reader.remaining(), 0u);
  return values;
}

TEST(Delta, ReadsNumbers) {
  using Values = std::vector<int64_t>;
  // the two examples of the format's description
  EXPECT_EQ(read(stream(5, 1, 1, kNoWidths, ""), 5), (Values{1, 2, 3, 4, 5}));
  EXPECT_EQ(
      read(stream(8, 7, -2, std::string("\x02\0\0\0", 4), std::string("\xC0\x3F\0\0\0\0\0\0", 8)),
           8),
      (Values{7, 5, 3, 1, 2, 3, 4, 5}));
  EXPECT_EQ(read(varint(128) + varint(4) + varint(1) + zigzag(-9), 1), Values{-9});
  EXPECT_EQ(read("", 0), Values{});
  EXPECT_EQ(read(stream(2, INT64_MAX, 1, kNoWidths, ""), 2), (Values{INT64_MAX, INT64_MIN}));
  EXPECT_EQ(read(stream(2, INT32_MAX, 1, kNoWidths, ""), 2, false), (Values{INT32_MAX, INT32_MIN}));
  // widths of parts that are not there may be anything
  EXPECT_EQ(read(stream(2, 3, 4, std::string("\0\xFF\xFF\xFF", 4), ""), 2), (Values{3, 7}));
  const std::string wide(32 * 8, '\xFF');
  EXPECT_EQ(read(stream(3, 0, 0, std::string("\x40\0\0\0", 4), wide), 3), (Values{0, -1, -2}));
}

TEST(Delta, RefusesDamage) {
  const std::string good = stream(5, 1, 1, kNoWidths, "");
  for (size_t cut = 0; cut < good.size(); ++cut)
    EXPECT_THROW(read(good.substr(0, cut), 5), Error) << cut;
  EXPECT_THROW(read(good, 4), Error) << "another number of values";
  EXPECT_THROW(read(good, 1ull << 40), Error);
  for (const auto& [block, parts] : {std::pair{0, 4}, {128, 0}, {128, 3}, {100, 1}, {128, 8}}) {
    const std::string odd = varint(static_cast<uint64_t>(block)) +
                            varint(static_cast<uint64_t>(parts)) + varint(5) + zigzag(1) +
                            zigzag(1) + std::string(8, '\0');
    EXPECT_THROW(read(odd, 5), Error) << block << " " << parts;
  }
  EXPECT_THROW(read(stream(5, 1, 1, std::string("\x41\0\0\0", 4), std::string(999, '\0')), 5),
               Error);
  const std::string vast =
      varint(1ull << 62) + varint(1) + varint(5) + zigzag(1) + zigzag(1) + "\x40";
  EXPECT_THROW(read(vast, 5), Error) << "a part of 2^65 bytes";
}

TEST(Delta, TextsByLength) {
  const std::string lengths = stream(3, 2, 0, kNoWidths, "");
  const std::string bytes = lengths + "abcdef";
  io::ByteReader reader(as_bytes(bytes), "x");
  EXPECT_EQ(read_delta_length_texts(reader, 3), (std::vector<std::string_view>{"ab", "cd", "ef"}));
  io::ByteReader cut(as_bytes(bytes).first(bytes.size() - 1), "x");
  EXPECT_THROW(read_delta_length_texts(cut, 3), Error);
  const std::string negative = stream(3, 2, -2, kNoWidths, "") + "abcdef";
  io::ByteReader below(as_bytes(negative), "x");
  EXPECT_NE(error_of([&] { read_delta_length_texts(below, 3); }).find("got -2"), std::string::npos);
  const std::string huge = stream(3, INT64_MAX, 0, kNoWidths, "") + "abcdef";
  io::ByteReader above(as_bytes(huge), "x");
  EXPECT_THROW(read_delta_length_texts(above, 3), Error) << "a sum above 2^64";
}

TEST(Delta, TextsThatShareBeginnings) {
  // "axis", "axle", "babble", "babyhood" of the format's description
  const std::string shared =
      stream(4, 0, 0, std::string("\x02\0\0\0", 4), std::string("\x02\0\0\0\0\0\0\0", 8));
  // 0, 2, 2, 2: but two beginnings of 2 after "axle" need a word that begins with "ax"
  const std::string endings =
      stream(4, 4, -2, std::string("\x02\0\0\0", 4), std::string("\x28\0\0\0\0\0\0\0", 8));
  const std::string bytes = shared + endings +
                            "axis"
                            "le"
                            "ed"
                            "on";
  io::ByteReader reader(as_bytes(bytes), "x");
  std::string storage;
  EXPECT_EQ(read_delta_texts(reader, 4, 100, storage),
            (std::vector<std::string_view>{"axis", "axle", "axed", "axon"}));
  EXPECT_EQ(storage.size(), 16u);
  io::ByteReader again(as_bytes(bytes), "x");
  EXPECT_THROW(read_delta_texts(again, 4, 15, storage), Error);
  const std::string longer =
      stream(2, 0, 5, kNoWidths, "") + stream(2, 4, 0, kNoWidths, "") + "axisaxle";
  io::ByteReader over(as_bytes(longer), "x");
  EXPECT_NE(error_of([&] { read_delta_texts(over, 2, 100, storage); }).find("got 5"),
            std::string::npos);
}

TEST(Delta, SurvivesFlips) {
  const std::string bytes =
      stream(4, 4, -2, std::string("\x02\0\0\0", 4), std::string("\x28\0\0\0\0\0\0\0", 8)) +
      "axisleedon";
  Rng rng(6);
  for (int i = 0; i < 20'000; ++i) {
    std::string flipped = bytes;
    flipped[rng.below(flipped.size())] ^= static_cast<char>(1 + rng.below(255));
    io::ByteReader reader(as_bytes(flipped), "x");
    try {
      EXPECT_EQ(read_delta_length_texts(reader, 4).size(), 4u);
    } catch (const Error&) {
    }
  }
}

}  // namespace
}  // namespace flamingo::parquet
