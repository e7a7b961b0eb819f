#include "flamingo/core/utf8.h"

#include <gtest/gtest.h>

namespace flamingo {
namespace {

TEST(Utf8, KnowsWholeCharacters) {
  for (const char* text : {"", "a", "\xc3\xa9", "\xe4\xb8\x80", "\xf0\x9f\x98\x80", "a\xc3\xa9z"})
    EXPECT_TRUE(is_utf8(text)) << text;
  for (const char* text : {"\x80", "\xc3", "\xc0\x80", "\xed\xa0\x80", "\xf4\x90\x80\x80", "a\xff"})
    EXPECT_FALSE(is_utf8(text)) << text;
}

TEST(Utf8, MeasuresIllFormedParts) {
  EXPECT_EQ(read_utf8("\xe4\xb8\x80", 0).length, 3u);
  EXPECT_EQ(read_utf8("\xe4\xb8|", 0).length, 2u);
  EXPECT_FALSE(read_utf8("\xe4\xb8|", 0).unfinished);
  EXPECT_TRUE(read_utf8("\xe4\xb8", 0).unfinished);
}

}  // namespace
}  // namespace flamingo
