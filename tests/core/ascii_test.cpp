#include "flamingo/core/ascii.h"

#include <gtest/gtest.h>

#include <cctype>

namespace flamingo {
namespace {

TEST(Ascii, ClassesAreThoseOfThePosixLocale) {
  for (int c = -128; c < 128; ++c) {
    const char byte = static_cast<char>(c);
    const bool ascii = c >= 0;
    EXPECT_EQ(is_ascii_digit(byte), ascii && std::isdigit(c)) << c;
    EXPECT_EQ(is_ascii_upper(byte), ascii && std::isupper(c)) << c;
    EXPECT_EQ(is_ascii_alpha(byte), ascii && std::isalpha(c)) << c;
    EXPECT_EQ(is_ascii_alnum(byte), ascii && std::isalnum(c)) << c;
    EXPECT_EQ(is_ascii_hex(byte), ascii && std::isxdigit(c)) << c;
    EXPECT_EQ(is_ascii_space(byte), ascii && std::isspace(c)) << c;
    EXPECT_EQ(is_ascii_graphic(byte), ascii && std::isgraph(c)) << c;
    EXPECT_EQ(ascii_lower(byte), ascii ? static_cast<char>(std::tolower(c)) : byte) << c;
  }
}

TEST(Ascii, Texts) {
  EXPECT_EQ(ascii_lower("Caf\xc3\x89 A"), "caf\xc3\x89 a");
  EXPECT_TRUE(ascii_iequal("X-Robots", "x-rObots"));
  EXPECT_FALSE(ascii_iequal("x", "xy"));
  EXPECT_EQ(ascii_trim(" \t a b\r\n"), "a b");
  EXPECT_EQ(ascii_trim(" \n"), "");
  std::string escaped;
  append_percent('\xe9', escaped);
  EXPECT_EQ(escaped, "%E9");
  EXPECT_EQ(ascii_hex_value('F') * 16 + ascii_hex_value('0'), 0xf0);
}

}  // namespace
}  // namespace flamingo
