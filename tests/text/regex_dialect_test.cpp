#include "flamingo/text/regex_dialect.h"

#include <gtest/gtest.h>

#include "flamingo/core/rng.h"
#include "tests/io/byte_builder.h"
#include "tests/support/seed.h"

namespace flamingo::text {
namespace {

std::string translated(std::string_view source) { return translate_regex(source, "test").text; }

TEST(RegexDialect, WhatBothReadAlikeStays) {
  for (const char* source :
       {R"(a|b+?c*+d?)", R"((?:x)(?=y)(?!z)(?<=u)(?<!v)(?>w)(q)\1)", R"((?i)abc)",
        R"((?i:a)(?-i:b))", R"([^\p{L}\-\]a-z]{2,3}?\P{^N})", R"(\.\\\$^.$)", R"(a{3}b{1,}c}])",
        "\xe4\xb8\x80[\xe4\xb8\x80-\xe9\xbf\xbf]", R"([]a][^]a])", R"(\r\n\t\f\A\z\Z)"}) {
    EXPECT_EQ(translated(source), source);
  }
}

TEST(RegexDialect, TranslatesWhatTheyReadDifferently) {
  EXPECT_EQ(translated(R"(\s\S\d\D)"), R"(\p{White_Space}\P{White_Space}\p{Nd}\P{Nd})");
  EXPECT_EQ(translated(R"([\w\s])"), R"([\p{Alphabetic}\p{M}\p{Nd}\p{Pc}\p{White_Space}])");
  EXPECT_EQ(translated(R"(\u4e00\x{1F600}\x41\v)"), R"(\x{4e00}\x{1F600}\x{41}\x0b)");
  EXPECT_EQ(translated("a{,3}b{x}{"), R"(a{0,3}b\{x}\{)");
}

TEST(RegexDialect, RefusesWhatHasAnotherMeaning) {
  for (const char* source :
       {R"(\h)",          R"(\R)",      R"(\X)",     R"(\K)",      R"(\G)",    R"(\pL)",
        R"(\p{L)",        R"(\xff)",    R"(\u12)",   R"(\x{zz})",  R"(\Qa\E)", R"([a&&b])",
        R"([[:alpha:]])", R"([a[b]])",  R"([\W])",   R"([\b])",    "[a",       "[",
        R"((?m)a)",       R"((?s:a))",  R"(a(?i)b)", R"((?<n>a))", R"((?|a))", R"((*FAIL))",
        R"(a{2}+)",       R"(a{2,3}+)", R"(a{2}?)",  "a\\"}) {
    const std::string error = testing::error_of([&] { translated(source); });
    EXPECT_NE(error.find("[test] expected a regular expression without"), std::string::npos)
        << source << ": " << error;
  }
  EXPECT_NE(testing::error_of([] { translated("ab[c[d]]"); }).find("at its byte 4"),
            std::string::npos);
}

TEST(RegexDialect, PlacesLeadBackToTheSource) {
  const TranslatedRegex regex = translate_regex(R"(a\w(b)", "test");
  EXPECT_EQ(regex.places.size(), regex.text.size());
  EXPECT_EQ(regex.places[0], 0u);
  EXPECT_EQ(regex.places[5], 1u);
  EXPECT_EQ(regex.places.back(), 4u);
}

// Whatever the source: a translation with a place for each byte, or an Error.
TEST(RegexDialect, ReadsAnyText) {
  constexpr std::string_view kPieces[] = {"\\", "[", "]", "(",  "?", "{", "}", ",", "2", "p",
                                          "x",  "u", "^", "&&", ":", "<", "=", "a", "*", "\xff"};
  Rng rng(testing::seeded(5));
  for (int i = 0; i < 5000; ++i) {
    std::string source;
    for (uint64_t n = rng.below(12); n > 0; --n) source += kPieces[rng.below(std::size(kPieces))];
    try {
      const TranslatedRegex regex = translate_regex(source, "test");
      EXPECT_EQ(regex.places.size(), regex.text.size()) << source;
    } catch (const Error&) {
    }
  }
}

}  // namespace
}  // namespace flamingo::text
