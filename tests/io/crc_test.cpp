#include "flamingo/io/crc.h"

#include <gtest/gtest.h>

#include "tests/io/byte_builder.h"

namespace flamingo::io {
namespace {

using testing::as_bytes;

/// Bit by bit, as the definition says.
uint32_t plain_crc(std::string_view text, uint32_t polynomial) {
  uint32_t crc = 0xFFFFFFFFu;
  for (const char c : text) {
    crc ^= static_cast<unsigned char>(c);
    for (int bit = 0; bit < 8; ++bit) crc = (crc >> 1) ^ ((crc & 1) ? polynomial : 0u);
  }
  return ~crc;
}

TEST(Crc32, MatchesTheCheckValue) {
  EXPECT_EQ(crc32(as_bytes("123456789")), 0xCBF43926u);
  EXPECT_EQ(crc32({}), 0u);
}

TEST(Crc32, MatchesThePlainLoopAtEveryLength) {
  std::string text;
  for (int length = 0; length < 100; ++length) {
    EXPECT_EQ(crc32(as_bytes(text)), plain_crc(text, 0xEDB88320u)) << length;
    text += static_cast<char>(length * 37 + 11);
  }
}

TEST(Crc32c, MatchesTheVectorsOfRfc3720) {
  std::string up, down;
  for (int i = 0; i < 32; ++i) {
    up += static_cast<char>(i);
    down += static_cast<char>(31 - i);
  }
  EXPECT_EQ(crc32c(as_bytes(std::string(32, '\0'))), 0x8A9136AAu);
  EXPECT_EQ(crc32c(as_bytes(std::string(32, '\xFF'))), 0x62A8AB43u);
  EXPECT_EQ(crc32c(as_bytes(up)), 0x46DD794Eu);
  EXPECT_EQ(crc32c(as_bytes(down)), 0x113FDB5Cu);
}

TEST(Crc32c, MatchesTheCheckValue) {
  EXPECT_EQ(crc32c(as_bytes("123456789")), 0xE3069283u);
  EXPECT_EQ(crc32c({}), 0u);
}

TEST(Crc32c, MatchesThePlainLoopAtEveryLength) {
  std::string text;
  for (int length = 0; length < 100; ++length) {
    EXPECT_EQ(crc32c(as_bytes(text)), plain_crc(text, 0x82F63B78u)) << length;
    text += static_cast<char>(length * 41 + 7);
  }
}

TEST(Crc32c, TheMaskRotatesAndAdds) {
  EXPECT_EQ(masked_crc(0), 0xA282EAD8u);
  EXPECT_EQ(masked_crc(0x8000u), 0xA282EAD9u);       // bit 15 becomes bit 0
  EXPECT_EQ(masked_crc(1), 0xA282EAD8u + 0x20000u);  // bit 0 becomes bit 17
}

}  // namespace
}  // namespace flamingo::io
