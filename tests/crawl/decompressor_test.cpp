#include "flamingo/crawl/decompressor.h"

#include <gtest/gtest.h>

#include <algorithm>
#include <array>
#include <tuple>
#include <vector>

#include "tests/crawl/compress.h"
#include "tests/io/byte_builder.h"

namespace flamingo::crawl {
namespace {

using testing::as_bytes;

/// What a member gives that is handed over `step` bytes at a time; "damage" or "cut off" without
/// its end.
std::string undo(Decompressor& decompressor, const std::string& member, size_t step) {
  std::string out;
  std::array<std::byte, 5> block;
  decompressor.restart(as_bytes(member));
  for (size_t at = 0;;) {
    const auto input = as_bytes(member).subspan(at, std::min(step, member.size() - at));
    const auto done = decompressor.step(input, block);
    at += done.consumed;
    out.append(reinterpret_cast<const char*>(block.data()), done.produced);
    if (!done.damage.empty()) return "damage";
    if (done.ended) return out;
    if (done.consumed + done.produced == 0) return "cut off";
  }
}

TEST(Decompressor, UndoesOneMemberAfterTheOther) {
  const std::string text = "flamingos stand on one leg, and flamingos sleep on one leg";
  for (const auto& [compression, member] : std::vector<std::pair<Compression, std::string>>{
           {Compression::kGzip, testing::gzip_text(text)},
           {Compression::kZlib, testing::deflate_text(text, testing::kZlibBits)},
           {Compression::kRawDeflate, testing::deflate_text(text, testing::kRawBits)},
           {Compression::kZstd, testing::zstd_text(text)},
           {Compression::kBrotli, testing::brotli_text(text)}}) {
    const auto decompressor = make_decompressor(compression);
    for (const size_t step : {1u, 3u, 1000u}) {
      EXPECT_EQ(undo(*decompressor, member, step), text);
      EXPECT_EQ(undo(*decompressor, member.substr(0, member.size() - 1), step), "cut off");
      EXPECT_EQ(undo(*decompressor, member + "behind", step), text);
    }
    EXPECT_EQ(undo(*decompressor, std::string(40, '\xFF'), 40), "damage");
    EXPECT_EQ(undo(*decompressor, member, 1000), text) << "damage stays with its member";
  }
}

TEST(Decompressor, SniffsMembersByTheirBeginning) {
  const auto sniff = [](const std::string& text) { return sniff_compression(as_bytes(text)); };
  const std::string gzip = testing::gzip_text("x"), zstd = testing::zstd_text("x");
  EXPECT_EQ(sniff(gzip), Compression::kGzip);
  EXPECT_EQ(sniff(zstd), Compression::kZstd);
  EXPECT_EQ(sniff("\x5D\x2A\x4D\x18" + std::string(4, '\0')), Compression::kZstd);
  for (const std::string& other :
       {std::string(), std::string("\x1F\x8B"), std::string("\x1F\x8B\x08\x20", 4),
        std::string("\x1F\x8B\x07\x00", 4), std::string("PK\3\4"),
        testing::deflate_text("x", testing::kZlibBits), testing::brotli_text("x")})
    EXPECT_EQ(sniff(other), std::nullopt) << other;
}

TEST(Decompressor, GuessesAFileWithOneWrongByteInFront) {
  const auto guess = [](const std::string& text) { return guess_compression(as_bytes(text)); };
  for (const auto& [compression, member, magic] :
       std::vector<std::tuple<Compression, std::string, size_t>>{
           {Compression::kGzip, testing::gzip_text("x"), 3},
           {Compression::kZstd, testing::zstd_text("x"), 4}}) {
    EXPECT_EQ(guess(member), compression);
    for (size_t i = 0; i < magic; ++i) {
      std::string flipped = member;
      flipped[i] = static_cast<char>(flipped[i] ^ 0x40);
      EXPECT_EQ(guess(flipped), compression) << i;
      EXPECT_EQ(sniff_compression(as_bytes(flipped)), std::nullopt) << i;
    }
  }
  EXPECT_EQ(guess("WARC/1.0\r\n"), std::nullopt);
}

}  // namespace
}  // namespace flamingo::crawl
