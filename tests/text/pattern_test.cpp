#include "flamingo/text/pattern.h"

#include <gtest/gtest.h>

#include "flamingo/core/rng.h"
#include "flamingo/text/unicode.h"
#include "tests/io/byte_builder.h"
#include "tests/support/seed.h"

namespace flamingo::text {
namespace {

using Pieces = std::vector<std::string>;

/// Matches, and the stretches between them in brackets.
Pieces pieces(const Pattern& pattern, std::string_view text) {
  Pieces out;
  pattern.scan(text, [&](size_t begin, size_t end, bool is_match) {
    const std::string piece(text.substr(begin, end - begin));
    out.push_back(is_match ? piece : "[" + piece + "]");
  });
  return out;
}

Pattern llama3() {
  return Pattern::regex(
      R"((?i:'s|'t|'re|'ve|'m|'ll|'d)|[^\r\n\p{L}\p{N}]?\p{L}+|\p{N}{1,3}| ?[^\s\p{L}\p{N}]+[\r\n]*|\s*[\r\n]+|\s+(?!\S)|\s+)",
      "test");
}

TEST(Pattern, Gpt2) {
  const Pattern gpt2 = Pattern::gpt2();
  EXPECT_EQ(pieces(gpt2, "Hello world"), (Pieces{"Hello", " world"}));
  EXPECT_EQ(pieces(gpt2, "I'll we've 's"), (Pieces{"I", "'ll", " we", "'ve", " '", "s"}));
  EXPECT_EQ(pieces(gpt2, "I'LL"), (Pieces{"I", "'", "LL"}));
  EXPECT_EQ(pieces(gpt2, "a  b"), (Pieces{"a", " ", " b"}));
  EXPECT_EQ(pieces(gpt2, "a \n b  "), (Pieces{"a", " \n", " b", "  "}));
  EXPECT_EQ(pieces(gpt2, "\tx"), (Pieces{"\t", "x"}));
  EXPECT_EQ(pieces(gpt2, " 123abc!!"), (Pieces{" 123", "abc", "!!"}));
  EXPECT_EQ(pieces(gpt2, "'"), (Pieces{"'"}));
  EXPECT_EQ(pieces(gpt2, ""), Pieces{});
}

TEST(Pattern, WordsAndNumbers) {
  EXPECT_EQ(pieces(llama3(), "I'LL 12345"), (Pieces{"I", "'LL", " ", "123", "45"}));
  EXPECT_EQ(pieces(llama3(), "\tword (x)\n\ny"), (Pieces{"\tword", " (", "x", ")\n\n", "y"}));
  EXPECT_EQ(pieces(llama3(), "a \n \n  b"), (Pieces{"a", " \n \n", " ", " b"}));
  EXPECT_EQ(pieces(llama3(),
                   "'\xc5\xbf"
                   "a"),
            (Pieces{"'\xc5\xbf", "a"}));
}

TEST(Pattern, Runs) {
  const auto regex = [](const char* source) { return Pattern::regex(source, "test"); };
  EXPECT_EQ(pieces(regex("[0-9][0-9][0-9]"), "12345678a"), (Pieces{"123", "456", "[78a]"}));
  EXPECT_EQ(pieces(regex(R"(\s+)"), "a  b"), (Pieces{"[a]", "  ", "[b]"}));
  EXPECT_EQ(pieces(regex(R"(\p{N})"), "1\xc2\xbd"), (Pieces{"1", "\xc2\xbd"}));
  EXPECT_EQ(pieces(regex(R"(\d)"), "1\xc2\xbd"), (Pieces{"1", "[\xc2\xbd]"}));
  EXPECT_EQ(pieces(Pattern::words(), "a_1 -b"), (Pieces{"a_1", "[ ]", "-", "b"}));
  EXPECT_EQ(pieces(Pattern::punctuation(), "a+b."), (Pieces{"[a]", "+", "[b]", "."}));
}

TEST(Pattern, LiteralsAndReplace) {
  EXPECT_EQ(pieces(Pattern::literal("ab"), "xababa"), (Pieces{"[x]", "ab", "ab", "[a]"}));
  EXPECT_EQ(Pattern::literal(" ").replace("a b ", "__"), "a__b__");
  const std::string long_text(1 << 14, 'a');
  EXPECT_THROW(Pattern::literal("a").replace(long_text, long_text), Error);
}

TEST(Pattern, OthersAreMatchedByTheEngine) {
  if (!has_regex_engine()) GTEST_SKIP() << "built without PCRE2";
  const Pattern camel = Pattern::regex("(?=[A-Z])|[0-9]{2}", "test");
  EXPECT_EQ(pieces(camel, "aB12c"), (Pieces{"[a]", "", "[B]", "12", "[c]"}));
  EXPECT_EQ(Pattern::regex("a+b", "test").replace("xaab-b", "!"), "x!-b");
}

/// The known spellings mean what the engine makes of them (of Latin-1's fractions only nearly).
TEST(Pattern, ScannersEqualTheEngine) {
  if (!has_regex_engine()) GTEST_SKIP() << "built without PCRE2";
  const char* kSources[] = {
      R"('s|'t|'re|'ve|'m|'ll|'d| ?\p{L}+| ?\p{N}+| ?[^\s\p{L}\p{N}]+|\s+(?!\S)|\s+)",
      R"((?i:'s|'t|'re|'ve|'m|'ll|'d)|[^\r\n\p{L}\p{N}]?\p{L}+|\p{N}{1,3}| ?[^\s\p{L}\p{N}]+[\r\n]*|\s*[\r\n]+|\s+(?!\S)|\s+)",
      R"(\w+|[^\w\s]+)",
      R"(\d+)",
      R"(\s+)",
      R"(\p{N}{1,3})",
      "[0-9][0-9][0-9]"};
  constexpr char32_t kPool[] = {U'a', U'\'', U's', U'L', U' ', U'\n', U'\r',   U'\t',  U'1',
                                U'2', U'-',  U'_', 0xa0, 0xe9, 0x301, 0x1f600, 0x2461, 0x661};
  Rng rng(testing::seeded(4));
  for (const char* source : kSources) {
    const Pattern scanner = Pattern::regex(source, "test");
    const Pattern engine = Pattern::regex(std::string("(?:") + source + ")", "test");
    for (int i = 0; i < 500; ++i) {
      std::string text;
      for (uint64_t n = rng.below(20); n > 0; --n)
        append_utf8(text, kPool[rng.below(std::size(kPool))]);
      ASSERT_EQ(pieces(scanner, text), pieces(engine, text)) << source;
    }
  }
}

TEST(Pattern, RefusesUnknownExpressions) {
  EXPECT_NE(testing::error_of([] { Pattern::regex("(a+", "pre"); }).find("(a+"), std::string::npos);
  EXPECT_NE(testing::error_of([] {
              Pattern::from_json(Json{{"Glob", "x"}}, "pre");
            }).find("Glob"),
            std::string::npos);
  EXPECT_NE(testing::error_of([] {
              Pattern::from_json(Json{{"String", ""}}, "p");
            }).find("empty"),
            std::string::npos);
}

TEST(Pattern, PiecesCoverRandomText) {
  constexpr char32_t kPool[] = {U'a',  U'\'', U's', U'L', U' ', U'\n', U'\r',
                                U'\t', U'1',  U'-', 0xa0, 0xe9, 0x301, 0x1f600};
  Rng rng(testing::seeded(3));
  for (int i = 0; i < 2000; ++i) {
    std::string text;
    for (uint64_t n = rng.below(20); n > 0; --n)
      append_utf8(text, kPool[rng.below(std::size(kPool))]);
    for (const Pattern& pattern : {Pattern::gpt2(), llama3()}) {
      std::string joined;
      for (const std::string& piece : pieces(pattern, text)) joined += piece;
      EXPECT_EQ(joined, text);  // no brackets either: these patterns match everything
    }
  }
}

}  // namespace
}  // namespace flamingo::text
