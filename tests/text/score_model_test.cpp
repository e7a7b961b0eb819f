#include "flamingo/text/score_model.h"

#include <gtest/gtest.h>

#include <algorithm>
#include <cmath>
#include <set>

#include "flamingo/core/rng.h"
#include "tests/io/byte_builder.h"
#include "tests/support/seed.h"

namespace flamingo::text {
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

/// SentencePiece's definition: of all neighbours whose text is a token, merge the best scored, then
/// the leftmost, until there are none.
Ids encode_naively(const std::vector<ScoreModel::Token>& tokens, std::string_view piece) {
  std::vector<std::string> parts;
  for (const char c : piece) parts.emplace_back(1, c);
  const auto find = [&](const std::string& text) {
    return std::find_if(tokens.begin(), tokens.end(),
                        [&](const auto& token) { return token.merges && token.text == text; });
  };
  for (;;) {
    auto best = tokens.end();
    size_t place = 0;
    for (size_t i = 0; i + 1 < parts.size(); ++i) {
      const auto found = find(parts[i] + parts[i + 1]);
      if (found == tokens.end() || (best != tokens.end() && found->score <= best->score)) continue;
      best = found;
      place = i;
    }
    if (best == tokens.end()) break;
    parts[place] += parts[place + 1];
    parts.erase(parts.begin() + static_cast<ptrdiff_t>(place) + 1);
  }
  Ids ids;
  for (const std::string& part : parts) {
    ids.push_back(static_cast<int32_t>(find(part) - tokens.begin()));
  }
  return ids;
}

TEST(ScoreModel, FollowsTheDefinition) {
  Rng rng(testing::seeded(11));
  for (int round = 0; round < 200; ++round) {
    std::vector<ScoreModel::Token> tokens = {{"<unk>", 0, false}, {"a", -9}, {"b", -9}, {"c", -9}};
    std::set<std::string> known;
    for (int i = 0; i < 12; ++i) {
      std::string text(2 + rng.below(3), 'a');
      for (char& c : text) c = static_cast<char>('a' + rng.below(3));
      if (known.insert(text).second) {
        tokens.push_back({text, -static_cast<double>(rng.below(6))});
      }
    }
    std::string piece(rng.below(40), 'a');
    for (char& c : piece) c = static_cast<char>('a' + rng.below(3));
    EXPECT_EQ(encode(tokens, piece), encode_naively(tokens, piece)) << piece;
  }
}

TEST(ScoreModel, LongPiecesRememberPairsAndChangeNothing) {
  // 'd' ends every stretch, so that the long piece is many short ones of known ids.
  const std::vector<ScoreModel::Token> tokens = {{"<unk>", 0, false}, {"a", -9},  {"b", -9},
                                                 {"c", -9},           {"ab", -2}, {"bc", -1},
                                                 {"abc", -3},         {"d", -9}};
  Ids expected;
  std::string text;
  Rng rng(testing::seeded(12));
  while (text.size() < 10000) {
    std::string word(1 + rng.below(8), 'a');
    for (char& c : word) c = static_cast<char>('a' + rng.below(3));
    const Ids ids = encode(tokens, word + "d");
    expected.insert(expected.end(), ids.begin(), ids.end());
    text += word + "d";
  }
  EXPECT_EQ(encode(tokens, text), expected);
}

TEST(ScoreModel, RefusesBadLists) {
  EXPECT_NE(testing::error_of([] { encode({{"a", NAN}}, "a"); }).find("finite"), std::string::npos);
  EXPECT_NE(testing::error_of([] {
              encode({{"a", 0}, {"a", 1}}, "a");
            }).find("twice"),
            std::string::npos);
}

}  // namespace
}  // namespace flamingo::text
