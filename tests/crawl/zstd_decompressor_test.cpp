#include "flamingo/crawl/zstd_decompressor.h"

#include <gtest/gtest.h>

#include <array>

#include "tests/crawl/compress.h"
#include "tests/io/byte_builder.h"

namespace flamingo::crawl {
namespace {

using testing::as_bytes;

std::string skippable(uint32_t magic, std::string_view content) {
  return testing::ByteBuilder()
      .number(magic)
      .number(static_cast<uint32_t>(content.size()))
      .text(content)
      .str();
}

/// The bytes of one frame, or what was wrong with it.
std::string undo(Decompressor& decompressor, const std::string& frame) {
  std::array<std::byte, 4096> block;
  decompressor.restart(as_bytes(frame));
  const auto step = decompressor.step(as_bytes(frame), block);
  if (!step.damage.empty()) return "damage";
  if (!step.ended) return "cut off";
  return {reinterpret_cast<const char*>(block.data()), step.produced};
}

TEST(ZstdDecompressor, FramesStandAlone) {
  const auto decompressor = make_zstd_decompressor();
  std::string damaged = testing::zstd_text("hello");
  damaged.back() = static_cast<char>(damaged.back() ^ 1);  // of the checksum
  EXPECT_EQ(undo(*decompressor, testing::zstd_text("one")), "one");
  EXPECT_EQ(undo(*decompressor, damaged), "damage");
  EXPECT_EQ(undo(*decompressor, testing::zstd_text("hello").substr(0, 9)), "cut off");
  EXPECT_EQ(undo(*decompressor, testing::zstd_text("two")), "two");
}

/// No dictionary: what stands in the frame does not begin as one does, or has another number.
TEST(ZstdDecompressor, SkippableFramesGiveNothing) {
  const auto decompressor = make_zstd_decompressor();
  const std::string dictionary_magic = "\x37\xA4\x30\xEC";
  for (const uint32_t magic : {0x184D2A50u, 0x184D2A5Du, 0x184D2A5Fu}) {
    for (const std::string& content :
         {std::string(), std::string("x"), dictionary_magic, testing::zstd_text(dictionary_magic)})
      EXPECT_EQ(undo(*decompressor, skippable(magic, content)), "");
  }
  EXPECT_EQ(undo(*decompressor, testing::zstd_text("one")), "one");
}

/// A window of 2^windows bytes, which memory would have to hold.
TEST(ZstdDecompressor, RefusesWindowsAbove128MiB) {
  const auto decompressor = make_zstd_decompressor();
  const auto frame = [](unsigned window_log) {
    // magic; no size, no checksum; the window; one raw block of 1 byte, the last
    std::string bytes("\x28\xB5\x2F\xFD\x00", 5);
    bytes += static_cast<char>((window_log - 10) << 3);
    return bytes + std::string("\x09\x00\x00x", 4);
  };
  EXPECT_EQ(undo(*decompressor, frame(20)), "x");
  EXPECT_EQ(undo(*decompressor, frame(28)), "damage");
  EXPECT_EQ(undo(*decompressor, frame(20)), "x");
}

}  // namespace
}  // namespace flamingo::crawl
