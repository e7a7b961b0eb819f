#include "flamingo/corpus/words.h"

#include <gtest/gtest.h>

#include <set>
#include <vector>

#include "flamingo/core/rng.h"
#include "tests/corpus/text_testing.h"
#include "tests/support/seed.h"

namespace flamingo::corpus {
namespace {

std::vector<std::string> words_of(std::string_view text) {
  std::vector<std::string> words;
  for (Word word; next_word(text, word);) words.emplace_back(word.text);
  EXPECT_TRUE(text.empty());
  return words;
}

std::vector<std::string> paragraphs_of(std::string_view text) {
  std::vector<std::string> found;
  for (std::string_view paragraph; next_paragraph(text, paragraph);) found.emplace_back(paragraph);
  return found;
}

TEST(Words, StandBetweenAnyWhiteSpace) {
  using Expected = std::vector<std::string>;
  EXPECT_EQ(words_of(" a\tbc\n\n d-e. "), (Expected{"a", "bc", "d-e."}));
  EXPECT_EQ(words_of("x\u00a0y\u3000z\u2028"), (Expected{"x", "y", "z"}));
  EXPECT_EQ(words_of(""), Expected{});
  EXPECT_EQ(words_of(" \u2003\n"), Expected{});
}

TEST(Words, CountCodePointsAndLetters) {
  std::string_view text = "na\u00efve 12:30 \u4f60\u597d5 \u2014";
  Word word;
  ASSERT_TRUE(next_word(text, word));
  EXPECT_EQ(word.characters, 5u);
  EXPECT_TRUE(word.has_letter);
  ASSERT_TRUE(next_word(text, word));
  EXPECT_FALSE(word.has_letter);
  ASSERT_TRUE(next_word(text, word));
  EXPECT_EQ(word.characters, 3u);
  EXPECT_TRUE(word.has_letter);
  ASSERT_TRUE(next_word(text, word));
  EXPECT_FALSE(word.has_letter);
  EXPECT_FALSE(next_word(text, word));
}

TEST(Words, LinesAndParagraphs) {
  std::string_view text = "one\n\ntwo";
  EXPECT_EQ(next_line(text), "one");
  EXPECT_EQ(next_line(text), "");
  EXPECT_EQ(next_line(text), "two");
  EXPECT_TRUE(text.empty());
  EXPECT_EQ(paragraphs_of("\n  a\nb \n \t\n\n\u00a0c\n"), (std::vector<std::string>{"a\nb", "c"}));
  EXPECT_TRUE(paragraphs_of(" \n\n ").empty());
}

TEST(Words, TrimsUnicodeSpace) {
  EXPECT_EQ(trim("\u3000 a b\u00a0\n"), "a b");
  EXPECT_EQ(trim("\u2003"), "");
  EXPECT_EQ(trim("\u00e9\x80\x80\x80"), "\u00e9\x80\x80\x80");
}

TEST(Words, FoldsCasePunctuationAndSpace) {
  EXPECT_EQ(fold_text("It's  OK!\n(2nd)_x"), "it s ok 2nd x");
  EXPECT_EQ(fold_text("\u00c9T\u00c9 \u0141\u00d3D\u0179 \u0178 \u0130"),
            "\u00e9t\u00e9 \u0142\u00f3d\u017a \u00ff \u0130");
  EXPECT_EQ(fold_text("\u039b\u03a9 \u041c\u0418\u0420 \u0401"),
            "\u03bb\u03c9 \u043c\u0438\u0440 \u0451");
  EXPECT_EQ(fold_text("\u201cquoted\u201d\u2014text\u2026"), "quoted text");
  EXPECT_EQ(fold_text("... \u2014 !"), "");
}

TEST(Words, FoldedWords) {
  std::string_view text = "a bc d";
  std::string_view word;
  std::string joined;
  while (next_folded_word(text, word)) joined += "<" + std::string(word) + ">";
  EXPECT_EQ(joined, "<a><bc><d>");
}

TEST(Words, HashesDifferForDifferentWords) {
  std::set<uint64_t> hashes;
  std::string word;
  for (int i = 0; i < 40; ++i, word += '\0') hashes.insert(hash_bytes(word));
  for (uint64_t i = 0; i < 100'000; ++i) hashes.insert(hash_bytes(testing::made_word(i)));
  EXPECT_EQ(hashes.size(), 100'040u);
}

// Exact copies on the heap let a sanitizer see a read behind the end.
TEST(Words, AnyBytesAreSafe) {
  Rng rng(testing::seeded(3));
  for (int round = 0; round < 20'000; ++round) {
    std::string text;
    for (uint64_t i = rng.below(12); i > 0; --i) {
      text += static_cast<char>(rng.coin(0.7) ? 0xc0 + rng.below(64) : rng.below(256));
    }
    const std::vector<char> exact(text.begin(), text.end());
    const std::string_view view(exact.data(), exact.size());
    words_of(view);
    trim(view);
    fold_text(view);
    paragraphs_of(view);
  }
}

}  // namespace
}  // namespace flamingo::corpus
