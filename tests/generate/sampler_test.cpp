#include "flamingo/generate/sampler.h"

#include <gtest/gtest.h>

#include <cmath>
#include <limits>
#include <map>

#include "flamingo/core/error.h"

namespace flamingo {
namespace {

const std::vector<float> kLogits = {1.0f, 3.0f, 2.0f, -1.0f};

std::map<int32_t, int> histogram(const SamplingConfig& config, int draws) {
  Sampler sampler(config);
  std::map<int32_t, int> counts;
  for (int i = 0; i < draws; ++i) ++counts[sampler.next(kLogits, {}, {})];
  return counts;
}

TEST(Sampler, GreedyTakesTheLargestAndTheLowestIdOfEquals) {
  Sampler sampler({});
  EXPECT_EQ(sampler.next(kLogits, {}, {}), 1);
  const std::vector<float> equal = {0.f, 5.f, 5.f};
  EXPECT_EQ(sampler.next(equal, {}, {}), 1);
}

TEST(Sampler, BannedTokensAreNeverDrawn) {
  Sampler sampler({});
  const std::vector<int32_t> banned = {1, 2};
  EXPECT_EQ(sampler.next(kLogits, {}, banned), 0);
  const std::vector<int32_t> all = {0, 1, 2, 3};
  EXPECT_THROW(sampler.next(kLogits, {}, all), Error);
}

TEST(Sampler, FrequenciesFollowTheSoftmax) {
  const int draws = 20000;
  const auto counts = histogram({.temperature = 1.0, .seed = 7}, draws);
  for (int32_t id = 0; id < 4; ++id) {
    const double p = std::exp(log_probability(kLogits, id));
    const double standard_error = std::sqrt(p * (1 - p) / draws);
    EXPECT_NEAR(counts.at(id) / static_cast<double>(draws), p, 5 * standard_error);
  }
}

TEST(Sampler, TopKTopPAndMinPCutTheTail) {
  EXPECT_EQ(histogram({.temperature = 1, .top_k = 2}, 500).size(), 2u);
  EXPECT_EQ(histogram({.temperature = 1, .top_p = 0.5}, 500).size(), 1u);
  EXPECT_EQ(histogram({.temperature = 1, .min_p = 0.2}, 500).size(), 2u);
}

TEST(Sampler, SameSeedSameDraws) {
  EXPECT_EQ(histogram({.temperature = 2, .seed = 3}, 100),
            histogram({.temperature = 2, .seed = 3}, 100));
}

TEST(Sampler, RepeatPenaltyDiscouragesHistory) {
  Sampler sampler({.repeat_penalty = 2.0});
  const std::vector<int32_t> history = {1};
  EXPECT_EQ(sampler.next(kLogits, history, {}), 2);
}

TEST(Sampler, RefusesBadInput) {
  EXPECT_THROW(Sampler({.temperature = -1}), Error);
  EXPECT_THROW(Sampler({.top_p = 0}), Error);
  EXPECT_THROW(Sampler({.min_p = 2}), Error);
  Sampler sampler({});
  const std::vector<float> damaged = {0.f, std::numeric_limits<float>::quiet_NaN()};
  EXPECT_THROW(sampler.next(damaged, {}, {}), Error);
  EXPECT_THROW(sampler.next({}, {}, {}), Error);
}

}  // namespace
}  // namespace flamingo
