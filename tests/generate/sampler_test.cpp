#include "flamingo/generate/sampler.h"

#include <gtest/gtest.h>

#include <algorithm>
#include <array>
#include <cmath>
#include <limits>
#include <map>
#include <set>

#include "flamingo/core/error.h"

namespace flamingo::generate {
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

/// Greedy choice by its definition: change a copy of the logits, take the first of the largest.
int32_t greedy_by_definition(const std::vector<float>& logits, const std::vector<int32_t>& history,
                             const std::vector<int32_t>& banned, double penalty) {
  std::vector<double> changed(logits.begin(), logits.end());
  for (const int32_t id : std::set<int32_t>(history.begin(), history.end())) {
    double& logit = changed[static_cast<size_t>(id)];
    logit = logit > 0 ? logit / penalty : logit * penalty;
  }
  for (const int32_t id : banned) {
    changed[static_cast<size_t>(id)] = -std::numeric_limits<double>::infinity();
  }
  const auto best = std::max_element(changed.begin(), changed.end());
  return static_cast<int32_t>(best - changed.begin());
}

TEST(Sampler, GreedyFollowsItsDefinition) {
  Rng rng(5);
  const auto some_ids = [&] {
    std::vector<int32_t> ids(rng.below(4));
    for (int32_t& id : ids) id = static_cast<int32_t>(rng.below(8));
    return ids;
  };
  for (int round = 0; round < 3000; ++round) {
    std::vector<float> logits(8);
    for (float& logit : logits) logit = static_cast<float>(rng.below(5)) - 2.0f;  // many equals
    const auto history = some_ids();
    const auto banned = some_ids();
    const double penalty = std::array{0.5, 1.0, 2.0}[rng.below(3)];
    Sampler sampler({.repeat_penalty = penalty});
    EXPECT_EQ(sampler.next(logits, history, banned),
              greedy_by_definition(logits, history, banned, penalty));
  }
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
  Sampler penalising({.repeat_penalty = 2.0});
  for (const int32_t stranger : {-1, 4}) {
    EXPECT_THROW(penalising.next(kLogits, std::array{stranger}, {}), Error);
  }
}

}  // namespace
}  // namespace flamingo::generate
