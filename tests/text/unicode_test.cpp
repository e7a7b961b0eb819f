#include "flamingo/text/unicode.h"

#include <gtest/gtest.h>

#include "flamingo/core/rng.h"
#include "tests/support/seed.h"

namespace flamingo::text {
namespace {

TEST(Unicode, ClassesOfKnownCharacters) {
  EXPECT_TRUE(is_letter(U'a') && is_letter(U'Z') && is_letter(0xe9) && is_letter(0x4e00));
  EXPECT_FALSE(is_letter(U'1') || is_letter(U'_') || is_letter(0x301) || is_letter(0x1f600));
  EXPECT_TRUE(is_number(U'7') && is_number(0xbd) && is_number(0x2167) && is_number(0x664));
  EXPECT_FALSE(is_number(U'x') || is_number(U' '));
  EXPECT_TRUE(is_space(U' ') && is_space(0x85) && is_space(0x3000) && is_space(U'\v'));
  EXPECT_FALSE(is_space(0x200b) || is_space(0x1c) || is_space(0xfeff));
  EXPECT_EQ(char_class(0x301), CharClass::kMark);
  EXPECT_EQ(char_class(U'$'), CharClass::kSymbol);
  EXPECT_EQ(char_class(U'!'), CharClass::kPunctuation);
  EXPECT_EQ(char_class(0x10ffff), CharClass::kOther);
}

TEST(Unicode, AsciiShortcutsAgreeWithTheTable) {
  for (char32_t c = 0; c < 0x80; ++c) {
    EXPECT_EQ(is_letter(c), char_class(c) == CharClass::kLetter) << static_cast<int>(c);
    EXPECT_EQ(is_number(c), char_class(c) == CharClass::kDecimal) << static_cast<int>(c);
  }
}

TEST(Unicode, WordCharacters) {
  for (const char32_t c : {U'a', U'_', U'0', char32_t{0x301}, char32_t{0x200d}, char32_t{0x24b6}}) {
    EXPECT_TRUE(is_word(c)) << static_cast<int>(c);
  }
  for (const char32_t c : {U'-', U' ', char32_t{0xbd}, char32_t{0x2014}}) {
    EXPECT_FALSE(is_word(c)) << static_cast<int>(c);
  }
}

TEST(Unicode, EveryCodePointSurvivesUtf8) {
  for (char32_t c = 0; c < 0x110000; ++c) {
    if (c >= 0xd800 && c < 0xe000) continue;
    std::string text;
    append_utf8(text, c);
    const Utf8Char read = decode_utf8(text, 0);
    ASSERT_EQ(read.code, c);
    ASSERT_EQ(read.length, text.size());
    ASSERT_EQ(repair_utf8(text), text);
  }
}

TEST(Unicode, ReplacesEachMaximalIllFormedPart) {
  const std::string r = "\xef\xbf\xbd";
  EXPECT_EQ(repair_utf8("\x80"), r);
  EXPECT_EQ(repair_utf8("\xc3("), r + "(");
  EXPECT_EQ(repair_utf8("\xe2\x82("), r + "(");
  EXPECT_EQ(repair_utf8("\xf0\x9f\x98"), r);
  EXPECT_EQ(repair_utf8("\xed\xa0\x80"), r + r + r);
  EXPECT_EQ(repair_utf8("\xc0\xaf"), r + r);
  EXPECT_EQ(repair_utf8("\xf4\x90\x80\x80"), r + r + r + r);
  EXPECT_EQ(repair_utf8("a\xe2\x82\xac"), "a\xe2\x82\xac");
}

TEST(Unicode, RepairIsIdempotent) {
  Rng rng(testing::seeded(1));
  for (int i = 0; i < 2000; ++i) {
    std::string bytes;
    for (uint64_t n = rng.below(12); n > 0; --n) bytes.push_back(static_cast<char>(rng.below(256)));
    const std::string once = repair_utf8(bytes);
    EXPECT_EQ(repair_utf8(once), once);
  }
}

TEST(Unicode, FindsTheUnfinishedTail) {
  EXPECT_EQ(unfinished_utf8(""), 0u);
  EXPECT_EQ(unfinished_utf8("abc"), 0u);
  EXPECT_EQ(unfinished_utf8("a\xe2"), 1u);
  EXPECT_EQ(unfinished_utf8("a\xe2\x82"), 2u);
  EXPECT_EQ(unfinished_utf8("a\xe2\x82\xac"), 0u);
  EXPECT_EQ(unfinished_utf8("\xf0\x9f\x98"), 3u);
  EXPECT_EQ(unfinished_utf8("\xff"), 0u);
}

}  // namespace
}  // namespace flamingo::text
