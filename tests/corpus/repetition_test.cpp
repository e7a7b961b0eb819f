#include "flamingo/corpus/repetition.h"

#include <gtest/gtest.h>

#include <map>
#include <set>

#include "flamingo/core/config.h"
#include "tests/corpus/text_testing.h"

namespace flamingo::corpus {
namespace {

using testing::join;
using testing::kEnglish;
using testing::random_words;
using testing::times;

double share(const std::string& text, RepetitionRule rule) {
  return judge_repetition(text).share(rule);
}

TEST(Repetition, EnglishPasses) {
  const RepetitionVerdict verdict = judge_repetition(kEnglish);
  EXPECT_TRUE(verdict.passed()) << enum_name(verdict.rule) << " " << verdict.value;
  EXPECT_TRUE(judge_repetition("").passed());
  EXPECT_TRUE(judge_repetition("word").passed());
}

TEST(Repetition, LinesByNumberAndCharacters) {
  // Four lines, one of them again; white space does not tell lines apart, blank lines do not count.
  const std::string text = "aa bb\n\ncccccc\n  aa  bb \ndddd\n";
  EXPECT_DOUBLE_EQ(share(text, RepetitionRule::kDuplicateLines), 1.0 / 4);
  EXPECT_DOUBLE_EQ(share(text, RepetitionRule::kDuplicateLineCharacters), 4.0 / 18);
  const RepetitionVerdict verdict = judge_repetition("a\na\nb\n");
  EXPECT_EQ(verdict.rule, RepetitionRule::kDuplicateLines);
  EXPECT_DOUBLE_EQ(verdict.value, 1.0 / 3);
}

TEST(Repetition, ParagraphsByNumberAndCharacters) {
  const std::string text = "aa\nbb\n\ncccc\n\naa bb\n\n\ndddd";
  EXPECT_DOUBLE_EQ(share(text, RepetitionRule::kDuplicateParagraphs), 1.0 / 4);
  EXPECT_DOUBLE_EQ(share(text, RepetitionRule::kDuplicateParagraphCharacters), 4.0 / 16);
}

TEST(Repetition, LongDuplicateLinesFailByCharacters) {
  Rng rng(1);
  const std::string line = join(random_words(60, 100'000, rng)) + "\n";
  std::string text = line;
  for (int i = 0; i < 8; ++i) text += join(random_words(5, 100'000, rng)) + "\n";
  EXPECT_EQ(judge_repetition(text + line).rule, RepetitionRule::kDuplicateLineCharacters);
}

TEST(Repetition, TopGramCountsEachWordOnce) {
  // "a b" stands three times: six of ten characters.
  EXPECT_DOUBLE_EQ(share("a b c a b d a b e f", RepetitionRule::kTop2Gram), 0.6);
  // Occurrences that overlap cover every word once.
  EXPECT_DOUBLE_EQ(share("a a a a a", RepetitionRule::kTop2Gram), 1.0);
  // Nothing stands twice.
  EXPECT_DOUBLE_EQ(share("a b c d e f", RepetitionRule::kTop2Gram), 0.0);
  // Of the most frequent, the longest.
  EXPECT_DOUBLE_EQ(share("a b c a b dddd eeee f dddd eeee", RepetitionRule::kTop2Gram), 16.0 / 22);
  EXPECT_DOUBLE_EQ(share("a b c d a b c e", RepetitionRule::kTop3Gram), 6.0 / 8);
  EXPECT_DOUBLE_EQ(share("a b c d a b c d e f", RepetitionRule::kTop4Gram), 8.0 / 10);
}

TEST(Repetition, DuplicateGramsCountSecondOccurrences) {
  const std::string seven = "q w e r t y u";
  // The second occurrence of seven words, by the 5-, 6- and 7-grams in it.
  const std::string text = seven + " 1 2 3 " + seven + " 4 5 6";
  EXPECT_DOUBLE_EQ(share(text, RepetitionRule::kDuplicate5Gram), 7.0 / 20);
  EXPECT_DOUBLE_EQ(share(text, RepetitionRule::kDuplicate7Gram), 7.0 / 20);
  EXPECT_DOUBLE_EQ(share(text, RepetitionRule::kDuplicate8Gram), 0.0);
  EXPECT_EQ(judge_repetition(text).rule, RepetitionRule::kTop3Gram);
}

TEST(Repetition, EachLengthHasItsRule) {
  Rng rng(2);
  for (size_t n = 5; n <= 10; ++n) {
    std::vector<std::string> words = random_words(200, 1'000'000, rng);
    for (size_t copy = 0; copy < 12; ++copy) {  // 12 different n-grams, once again each
      for (size_t i = 0; i < n; ++i) words.push_back(words[10 * copy + i]);
      words.push_back(random_words(1, 1'000'000, rng)[0]);
    }
    RepetitionConfig config;
    for (size_t i = 0; i < n + 2; ++i) config.limits[i] = 1;
    const RepetitionVerdict verdict = judge_repetition(join(words), config);
    EXPECT_EQ(enum_name(verdict.rule), "duplicate_" + std::to_string(n) + "_gram");
    EXPECT_NEAR(verdict.value, 12.0 * n / (212.0 + 12.0 * n), 0.03);
  }
}

/// The n-gram shares by their definition, in quadratic time; words have one letter.
double naive_share(const std::vector<std::string>& words, size_t n) {
  std::map<std::string, std::vector<size_t>> found;
  for (size_t i = 0; i + n <= words.size(); ++i) {
    found[join({words.begin() + i, words.begin() + i + n})].push_back(i);
  }
  const auto covered = [&](const std::vector<size_t>& places) {
    std::set<size_t> all;
    for (const size_t i : places) {
      for (size_t j = i; j < i + n; ++j) all.insert(j);
    }
    return static_cast<double>(all.size()) / static_cast<double>(words.size());
  };
  std::vector<size_t> later, top;
  for (const auto& [gram, places] : found) {
    later.insert(later.end(), places.begin() + 1, places.end());
    if (places.size() > std::max<size_t>(top.size(), 1)) top = places;
  }
  return covered(n <= 4 ? top : later);
}

TEST(Repetition, GramsAgreeWithTheirDefinition) {
  Rng rng(4);
  for (int round = 0; round < 300; ++round) {
    std::vector<std::string> words(1 + rng.below(60));
    for (std::string& word : words) word = static_cast<char>('a' + rng.below(2 + round % 5));
    const RepetitionVerdict verdict = judge_repetition(join(words));
    for (size_t n = 5; n <= 10; ++n) {
      ASSERT_DOUBLE_EQ(verdict.shares[n + 2], naive_share(words, n)) << n << ": " << join(words);
    }
    // Of several most frequent n-grams either may be taken: make one of them win.
    words.insert(words.end(), 70, "z");
    const RepetitionVerdict one_top = judge_repetition(join(words));
    for (size_t n = 2; n <= 4; ++n) {
      ASSERT_DOUBLE_EQ(one_top.shares[n + 2], naive_share(words, n)) << n << ": " << join(words);
    }
  }
}

TEST(Repetition, HostileTextsAreJudged) {
  const std::string one_long(10'000'000, 'a');
  EXPECT_TRUE(judge_repetition(one_long).passed());
  EXPECT_EQ(judge_repetition(times("a ", 5'000'000)).rule, RepetitionRule::kTop2Gram);
  EXPECT_EQ(judge_repetition(times("a\n", 5'000'000)).rule, RepetitionRule::kDuplicateLines);
  EXPECT_TRUE(judge_repetition(std::string(10'000'000, '\n')).passed());
}

TEST(Repetition, LooksAtTheFirstWordsOnly) {
  const std::string text = kEnglish + "\n" + times("again\n", 1'000);
  EXPECT_FALSE(judge_repetition(text).passed());
  RepetitionConfig config;
  config.max_words = 76;
  EXPECT_TRUE(judge_repetition(text, config).passed());
}

TEST(Repetition, LimitsAreTableA1) {
  const Json json = config_to_json(RepetitionConfig{});
  EXPECT_EQ(json["duplicate_lines"], 0.30);
  EXPECT_EQ(json["duplicate_paragraph_characters"], 0.20);
  EXPECT_EQ(json["top_2_gram"], 0.20);
  EXPECT_EQ(json["top_4_gram"], 0.16);
  EXPECT_EQ(json["duplicate_5_gram"], 0.15);
  EXPECT_EQ(json["duplicate_10_gram"], 0.10);
  EXPECT_EQ(json["max_words"], 100'000);
  EXPECT_EQ(json.size(), 14u);
}

}  // namespace
}  // namespace flamingo::corpus
