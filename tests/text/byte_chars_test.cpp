#include "flamingo/text/byte_chars.h"

#include <gtest/gtest.h>

namespace flamingo::text {
namespace {

TEST(ByteChars, AllBytesRoundTrip) {
  std::string bytes;
  for (int byte = 0; byte < 256; ++byte) {
    bytes.push_back(static_cast<char>(byte));
    EXPECT_EQ(char_to_byte(byte_to_char(static_cast<unsigned char>(byte))), byte);
  }
  EXPECT_EQ(from_byte_chars(to_byte_chars(bytes)), bytes);
}

TEST(ByteChars, KnownCharacters) {
  EXPECT_EQ(byte_to_char('a'), U'a');
  EXPECT_EQ(byte_to_char(' '), char32_t{0x120});
  EXPECT_EQ(byte_to_char('\n'), char32_t{0x10a});
  EXPECT_EQ(byte_to_char(0xad), char32_t{0x143});
  EXPECT_FALSE(char_to_byte(0x144).has_value());
  EXPECT_FALSE(char_to_byte(U' ').has_value());
}

TEST(ByteChars, ForeignTokensSpellThemselves) {
  EXPECT_EQ(from_byte_chars("a b"), "a b");
  EXPECT_EQ(from_byte_chars("\xe2\x96\x81"), "\xe2\x96\x81");
}

TEST(ByteChars, FallbackTokens) {
  EXPECT_EQ(byte_token(0x0a), "<0x0A>");
  for (int byte = 0; byte < 256; ++byte) {
    EXPECT_EQ(byte_of_token(byte_token(static_cast<unsigned char>(byte))), byte);
  }
  for (const char* token : {"<0x0A", "<0xZZ>", "<0x-1>", "0x0A>>", "", "<0x1>0"}) {
    EXPECT_FALSE(byte_of_token(token).has_value()) << token;
  }
}

}  // namespace
}  // namespace flamingo::text
