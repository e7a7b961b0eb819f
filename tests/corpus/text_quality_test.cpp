#include "flamingo/corpus/text_quality.h"

#include <gtest/gtest.h>

#include "flamingo/core/config.h"
#include "flamingo/core/error.h"
#include "tests/corpus/text_testing.h"

namespace flamingo::corpus {
namespace {

using testing::kEnglish;
using testing::times;

QualityRule rule_of(const std::string& text) { return judge_quality(text).rule; }

TEST(TextQuality, EnglishPasses) {
  const QualityVerdict verdict = judge_quality(kEnglish);
  EXPECT_TRUE(verdict.passed()) << enum_name(verdict.rule) << " " << verdict.value;
  EXPECT_EQ(verdict.measures.words, 76);
  EXPECT_EQ(verdict.measures.words_with_letter, 1);
  EXPECT_EQ(verdict.measures.stop_words, 8);
}

TEST(TextQuality, CountsWords) {
  EXPECT_EQ(rule_of(times("the word with ", 16) + "an end"), QualityRule::kNone);
  const QualityVerdict few = judge_quality(times("the word with ", 16) + "end");
  EXPECT_EQ(few.rule, QualityRule::kFewWords);
  EXPECT_EQ(few.value, 49);
  EXPECT_EQ(rule_of(times("the word with ", 33'333) + "end"), QualityRule::kNone);
  EXPECT_EQ(rule_of(times("the word with ", 33'333) + "the end"), QualityRule::kManyWords);
  EXPECT_EQ(rule_of(""), QualityRule::kFewWords);
  EXPECT_EQ(rule_of("\n \n"), QualityRule::kFewWords);
}

TEST(TextQuality, MeanWordLengthCountsCodePoints) {
  const QualityVerdict shorts = judge_quality(times("a to be or ", 20));
  EXPECT_EQ(shorts.rule, QualityRule::kMeanWordLength);
  EXPECT_DOUBLE_EQ(shorts.value, 7.0 / 4);
  EXPECT_EQ(rule_of(times("the and extraordinarily incomprehensibly ", 20)), QualityRule::kNone);
  EXPECT_EQ(rule_of(times("extraordinarily incomprehensible ", 30)), QualityRule::kMeanWordLength);
  // Nine Cyrillic letters are 18 bytes.
  EXPECT_EQ(rule_of(times("\u043a\u0440\u0430\u0441\u0438\u0432\u0430\u044f\u0430 ", 60)),
            QualityRule::kStopWords);
}

TEST(TextQuality, SymbolsForEachWord) {
  const std::string nine = times("the word of nine and some more words that have #tags ", 10);
  EXPECT_EQ(rule_of(nine), QualityRule::kNone);  // 10 of 110
  const QualityVerdict hashes = judge_quality(times("the #word of seven and some more tags ", 10));
  EXPECT_EQ(hashes.rule, QualityRule::kHashRatio);
  EXPECT_DOUBLE_EQ(hashes.value, 1.0 / 8);
  EXPECT_EQ(rule_of(times("the word... of seven and some more dots ", 10)),
            QualityRule::kEllipsisRatio);
  EXPECT_EQ(rule_of(times("the word\u2026 of seven and some more dots ", 10)),
            QualityRule::kEllipsisRatio);
  EXPECT_DOUBLE_EQ(judge_quality("a.... b.. c...d").measures.ellipsis_ratio, 2.0 / 3);
}

TEST(TextQuality, BulletLines) {
  const std::string item = "- the item of a list with words\n";
  const QualityVerdict list = judge_quality(times(item, 10));
  EXPECT_EQ(list.rule, QualityRule::kBulletLines);
  EXPECT_EQ(list.value, 1);
  EXPECT_EQ(rule_of(times(item, 9) + "and some text\n\n"), QualityRule::kNone);  // 9 of 10
  EXPECT_EQ(rule_of(times("\u2022the item of a list with words\n", 10)), QualityRule::kBulletLines);
  EXPECT_EQ(rule_of(times("-5 is the number of a list with words\n", 10)), QualityRule::kNone);
}

TEST(TextQuality, EllipsisLines) {
  const std::string cut = "the teaser of an article with many more words to read on...\n";
  const std::string whole = "the teaser of an article with many more words to read on.\n";
  EXPECT_EQ(rule_of(times(cut, 3) + times(whole, 7)), QualityRule::kNone);
  const QualityVerdict verdict = judge_quality(times(cut, 4) + times(whole, 6));
  EXPECT_EQ(verdict.rule, QualityRule::kEllipsisLines);
  EXPECT_DOUBLE_EQ(verdict.value, 0.4);
}

TEST(TextQuality, WordsWithLetter) {
  EXPECT_EQ(rule_of(times("the words and with 1234 ", 20)), QualityRule::kNone);
  const QualityVerdict verdict = judge_quality(times("the words and 1234 ", 20));
  EXPECT_EQ(verdict.rule, QualityRule::kWordsWithLetter);
  EXPECT_DOUBLE_EQ(verdict.value, 0.75);
}

TEST(TextQuality, StopWords) {
  EXPECT_EQ(rule_of(times("some words of other kinds ", 20)), QualityRule::kStopWords);
  EXPECT_EQ(rule_of(times("some words \u201cOF\u201d other (AND) kinds ", 20)), QualityRule::kNone);
  EXPECT_EQ(judge_quality(times("then often band ", 20)).measures.stop_words, 0);
}

TEST(TextQuality, ThresholdsComeFromTheConfig) {
  QualityConfig config;
  config_from_json(parse_json(R"({"min_words": 1, "min_stop_words": 1,
                                  "stop_words": ["und"]})",
                              "t"),
                   config, "t");
  EXPECT_TRUE(judge_quality("Hund und Katze", config).passed());
  config.stop_words.assign(65, "x");
  EXPECT_THROW(judge_quality("x", config), Error);
}

TEST(TextQuality, NamesPrint) {
  EXPECT_EQ(enum_name(QualityRule::kMeanWordLength), "mean_word_length");
  EXPECT_EQ(config_to_json(judge_quality(kEnglish).measures)["words"], 76);
}

}  // namespace
}  // namespace flamingo::corpus
