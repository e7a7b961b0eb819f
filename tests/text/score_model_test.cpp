#include "flamingo/text/score_model.h"

#include <gtest/gtest.h>

#include <cmath>

#include "tests/io/byte_builder.h"

namespace flamingo {
namespace {

using Ids = std::vector<int32_t>;

Ids encode(const std::vector<ScoreModel::Token>& tokens, std::string_view piece) {
  Ids ids;
  ScoreModel(tokens, 0, "tokens").encode(piece, ids);
  return ids;
}

TEST(ScoreModel, HighestScoreGoesFirst) {
  const std::vector<ScoreModel::Token> tokens = {
      {"<unk>", 0, false}, {"a", -9}, {"b", -9}, {"c", -9}, {"ab", -2}, {"bc", -1}, {"abc", -3}};
  EXPECT_EQ(encode(tokens, "abc"), (Ids{6}));
  EXPECT_EQ(encode(tokens, "abcb"), (Ids{6, 2}));
  EXPECT_EQ(encode(tokens, "aab"), (Ids{1, 4}));
}

TEST(ScoreModel, EqualScoresGoLeftmost) {
  const std::vector<ScoreModel::Token> tokens = {
      {"<unk>", 0, false}, {"a", -9}, {"aa", -1}, {"ab", -1}, {"b", -9}};
  EXPECT_EQ(encode(tokens, "aab"), (Ids{2, 4}));
}

TEST(ScoreModel, UnknownCharactersBecomeBytesOrOneUnknown) {
  const std::vector<ScoreModel::Token> tokens = {
      {"<unk>", 0, false}, {"a", -1}, {"<0xC3>", 0, false}, {"<0xA9>", 0, false}};
  EXPECT_EQ(encode(tokens, "a\xc3\xa9"), (Ids{1, 2, 3}));
  EXPECT_EQ(encode(tokens, "xyaz"), (Ids{0, 1, 0}));
}

TEST(ScoreModel, ControlTokensAreNeverMadeFromText) {
  const std::vector<ScoreModel::Token> tokens = {
      {"<unk>", 0, false}, {"a", -1}, {"b", -1}, {"ab", 5, false}};
  EXPECT_EQ(encode(tokens, "ab"), (Ids{1, 2}));
}

TEST(ScoreModel, MergesThroughCharactersWithoutTokens) {
  const std::vector<ScoreModel::Token> tokens = {{"<unk>", 0, false}, {"xy", -1}};
  EXPECT_EQ(encode(tokens, "xyxy"), (Ids{1, 1}));
}

TEST(ScoreModel, RefusesBadLists) {
  EXPECT_NE(testing::error_of([] { encode({{"a", NAN}}, "a"); }).find("finite"), std::string::npos);
  EXPECT_NE(testing::error_of([] {
              encode({{"a", 0}, {"a", 1}}, "a");
            }).find("twice"),
            std::string::npos);
}

}  // namespace
}  // namespace flamingo
