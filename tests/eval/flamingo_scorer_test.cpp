#include "flamingo/eval/flamingo_scorer.h"

#include <gtest/gtest.h>

#include <algorithm>
#include <cmath>

#include "flamingo/core/error.h"
#include "tests/core/temporary_folder.h"
#include "tests/model/summed_terms.h"
#include "tests/model/tiny_flamingo.h"
#include "tests/pictures/tiny_pictures.h"

namespace flamingo::eval {
namespace {

using testing::TemporaryFolder;

class FlamingoScorerTest : public ::testing::Test {
 protected:
  FlamingoScorerTest() { model_->eval(); }

  /// One whole forward, nothing shared, padded or kept -> [T, V] of the prompt and `candidate`.
  torch::Tensor plain_logits(const ScoreRequest& request, const std::vector<int32_t>& candidate) {
    const torch::NoGradGuard no_grad;
    std::vector<int64_t> ids(request.prompt.ids.begin(), request.prompt.ids.end());
    std::vector<int64_t> phi(request.prompt.phi.begin(), request.prompt.phi.end());
    ids.insert(ids.end(), candidate.begin(), candidate.end());
    phi.resize(ids.size(), request.prompt.phi.back());
    std::vector<torch::Tensor> media;
    for (const data::SequenceMediaItem& media_item : request.prompt.media) {
      media.push_back(model_->encode_media(
          renderer_.render(data::views_of(media_item)).unsqueeze(0).unsqueeze(0)));
    }
    return model_->forward({.ids = torch::tensor(ids).unsqueeze(0),
                            .phi = torch::tensor(phi).unsqueeze(0),
                            .media = media.empty() ? torch::Tensor() : torch::cat(media, 1)})[0];
  }

  /// The definition: one whole forward per candidate.
  double plain(const ScoreRequest& request, const std::vector<int32_t>& candidate) {
    const auto log_p = plain_logits(request, candidate).log_softmax(-1);
    const auto prompt = std::ssize(request.prompt.ids);
    double sum = 0;
    for (int64_t t = 0; t < std::ssize(candidate); ++t) {
      sum += log_p[prompt + t - 1][candidate[static_cast<size_t>(t)]].item<double>();
    }
    return sum;
  }

  void expect_plain(const std::vector<ScoreRequest>& requests) {
    const auto scores = FlamingoScorer(model_, renderer_).score(requests);
    ASSERT_EQ(scores.size(), requests.size());
    for (size_t r = 0; r < requests.size(); ++r) {
      ASSERT_EQ(scores[r].size(), requests[r].candidates.size());
      for (size_t c = 0; c < scores[r].size(); ++c) {
        const auto& candidate = requests[r].candidates[c];
        const int64_t terms = testing::summed_terms(model_->config(), 12, 3 * 16) + 42;
        const double expected = plain(requests[r], candidate);
        EXPECT_NEAR(scores[r][c], expected, testing::rounding<float>(terms, std::abs(expected)));
      }
    }
  }

  TemporaryFolder folder_;
  data::ViewRenderer renderer_{testing::tiny_pictures(folder_, 4, 4),
                               {},
                               {.size = 16, .mean = {0.5, 0.5, 0.5}, .std = {0.5, 0.5, 0.5}},
                               1};
  model::Flamingo model_ = testing::make_flamingo(testing::tiny_flamingo());
  const ScoreRequest two_pictures_{
      .prompt = {.ids = {1, 40, 5, 6, 41, 40, 5},
                 .phi = {0, 1, 1, 1, 1, 2, 2},
                 .media = {data::MediaFrames{{0, 0}}, data::MediaFrames{{3, 0}}}},
      .candidates = {{7, 8, 41}, {9, 41}}};
  const ScoreRequest clip_{
      .prompt = {.ids = {1, 40, 5}, .phi = {0, 1, 1}, .media = {data::MediaFrames{{2, 1}, {2, 2}}}},
      .candidates = {{7, 41}, {10, 11, 12, 41}, {9}}};
  const ScoreRequest text_{.prompt = {.ids = {1, 5}, .phi = {0, 0}}, .candidates = {{7}, {9}}};
};

TEST_F(FlamingoScorerTest, EqualsOneForwardPerCandidate) { expect_plain({two_pictures_}); }

TEST_F(FlamingoScorerTest, PromptsOfOtherLengthsAndMediaDoNotMatter) {
  expect_plain({two_pictures_, clip_, text_});
}

TEST_F(FlamingoScorerTest, WorksWithoutAnyMediaItem) { expect_plain({text_}); }

TEST_F(FlamingoScorerTest, ARemovedPictureIsSeenByNobody) {
  ScoreRequest removed = two_pictures_;
  removed.prompt.phi = {0, 1, 1, 1, 1, 0, 0};
  removed.prompt.media.pop_back();
  expect_plain({removed, two_pictures_});
}

TEST_F(FlamingoScorerTest, WritesTheLikeliestTokensUpToTheEnd) {
  const std::vector<ScoreRequest> requests = {two_pictures_, clip_, text_};
  FlamingoScorer scorer(model_, renderer_);
  const auto answers = scorer.write(requests, /*ends=*/{}, /*most=*/4);
  for (size_t r = 0; r < requests.size(); ++r) {
    std::vector<int32_t> plain;
    for (int t = 0; t < 4; ++t)
      plain.push_back(plain_logits(requests[r], plain)[-1].argmax().item<int32_t>());
    EXPECT_EQ(answers[r], plain) << "request " << r;
  }
  const auto ended = scorer.write(requests, std::vector{answers[0][2]}, 4);
  const auto first = std::ranges::find(answers[0], answers[0][2]);
  EXPECT_EQ(ended[0], std::vector<int32_t>(answers[0].begin(), first));
}

TEST_F(FlamingoScorerTest, EachMediaItemIsEncodedOnce) {
  FlamingoScorer scorer(model_, renderer_);
  const std::vector<ScoreRequest> requests = {two_pictures_, two_pictures_, clip_};
  const auto first = scorer.score(requests);
  EXPECT_EQ(scorer.num_media(), 3u);
  EXPECT_EQ(first, scorer.score(requests));
  EXPECT_EQ(scorer.num_media(), 3u);
}

TEST_F(FlamingoScorerTest, RefusesEmptyRequests) {
  FlamingoScorer scorer(model_, renderer_);
  EXPECT_THROW(scorer.score(std::vector<ScoreRequest>{
                   {.prompt = {.ids = {1}, .phi = {0}}, .candidates = {{}}}}),
               Error);
  EXPECT_THROW(scorer.score(std::vector<ScoreRequest>{{.candidates = {{1}}}}), Error);
  EXPECT_TRUE(scorer.score({}).empty());
  EXPECT_TRUE(scorer.write({}, {}, 1).empty());
  EXPECT_THROW(scorer.write(std::vector<ScoreRequest>{{}}, {}, 1), Error);
}

}  // namespace
}  // namespace flamingo::eval
