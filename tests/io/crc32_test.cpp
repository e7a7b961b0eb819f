#include "flamingo/io/crc32.h"

#include <gtest/gtest.h>

#include "tests/io/byte_builder.h"

namespace flamingo::io {
namespace {

/// Bit by bit, as the definition says.
uint32_t plain_crc32(std::string_view text) {
  uint32_t crc = 0xFFFFFFFFu;
  for (const char c : text) {
    crc ^= static_cast<unsigned char>(c);
    for (int bit = 0; bit < 8; ++bit) crc = (crc >> 1) ^ ((crc & 1) ? 0xEDB88320u : 0u);
  }
  return ~crc;
}

TEST(Crc32, MatchesTheCheckValue) {
  EXPECT_EQ(crc32(testing::as_bytes("123456789")), 0xCBF43926u);
  EXPECT_EQ(crc32({}), 0u);
}

TEST(Crc32, MatchesThePlainLoopAtEveryLength) {
  std::string text;
  for (int length = 0; length < 100; ++length) {
    EXPECT_EQ(crc32(testing::as_bytes(text)), plain_crc32(text)) << length;
    text += static_cast<char>(length * 37 + 11);
  }
}

}  // namespace
}  // namespace flamingo::io
