#include "flamingo/generate/ranking.h"

#include <gtest/gtest.h>

#include <cmath>

#include "flamingo/core/error.h"
#include "tests/support/rounding.h"

namespace flamingo::generate {
namespace {

const std::string kRankedModel = std::string(FLAMINGO_GOLDEN_DIR) + "/idefics-tiny/end-to-end/";

class RankingTest : public ::testing::Test {
 protected:
  Ranking rank(const std::vector<std::string>& candidates) const {
    return rank_candidates(bundle_, std::make_shared<ModelStepDecoder>(bundle_.model), prompt_,
                           encode_text(bundle_, prompt_), candidates);
  }
  double log_likelihood(const std::string& answer) const {
    const auto encoded = encode_text(bundle_, prompt_);
    Conversation conversation(bundle_.model, bundle_.tokenizer,
                              std::make_shared<ModelStepDecoder>(bundle_.model));
    const std::vector<std::vector<int32_t>> ids{
        continuation_ids(bundle_, prompt_, encoded.ids, answer)};
    return conversation.score(encoded, ids).log_likelihoods.front();
  }

  ModelBundle bundle_ = open_model(kRankedModel + "model", {.compute = torch::kFloat32});
  prompt::Prompt prompt_{.items = {prompt::TextItem{"The answer is"}}};
};

TEST_F(RankingTest, OrdersByLikelihoodWhateverTheOrderGiven) {
  const std::vector<std::string> given = {"a", "the", "question"};
  const auto ranked = rank(given).candidates;
  ASSERT_EQ(ranked.size(), 3u);
  double sum = 0;
  for (size_t i = 0; i < ranked.size(); ++i) {
    EXPECT_EQ(ranked[i].log_likelihood, log_likelihood(ranked[i].text));
    if (i > 0) {
      EXPECT_GE(ranked[i - 1].log_likelihood, ranked[i].log_likelihood);
    }
    sum += ranked[i].probability;
  }
  EXPECT_NEAR(sum, 1.0, testing::rounding<double>(3, 1));
  EXPECT_NEAR(
      ranked[0].probability / ranked[1].probability,
      std::exp(ranked[0].log_likelihood - ranked[1].log_likelihood),
      testing::rounding<double>(testing::kFunction, ranked[0].probability / ranked[1].probability));
  EXPECT_EQ(rank({"question", "a", "the"}).candidates.front().text, ranked.front().text);
}

TEST_F(RankingTest, RefusesNoneAndAnswersOfTheSameTokens) {
  EXPECT_THROW(rank({}), Error);
  EXPECT_THROW(rank({"a", " a"}), Error);  // a space comes between anyway
}

TEST(CheckCandidates, RefusesBlankAndRepeatedOnes) {
  EXPECT_NO_THROW(check_candidates({}));
  EXPECT_NO_THROW(check_candidates({"a", "b"}));
  EXPECT_THROW(check_candidates({"a", " \n"}), Error);
  EXPECT_THROW(check_candidates({"a", "b", "a"}), Error);
}

}  // namespace
}  // namespace flamingo::generate
