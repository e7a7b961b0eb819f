#include "flamingo/data/sampling.h"

#include <gtest/gtest.h>

#include <array>
#include <set>

#include "flamingo/core/error.h"

namespace flamingo::data {
namespace {

TEST(SampleDistinct, GivesDifferentNumbersAndReachesAll) {
  Rng rng(1);
  std::set<size_t> firsts;
  for (int i = 0; i < 200; ++i) {
    const auto picked = sample_distinct(3, 5, rng);
    EXPECT_EQ(std::set(picked.begin(), picked.end()).size(), 3u);
    firsts.insert(picked[0]);
  }
  EXPECT_EQ(firsts, (std::set<size_t>{0, 1, 2, 3, 4}));
  EXPECT_EQ(sample_distinct(5, 5, rng).size(), 5u);
  EXPECT_THROW(sample_distinct(6, 5, rng), Error);
}

TEST(SampleWeighted, FollowsTheWeights) {
  Rng rng(2);
  const std::array<double, 4> weights = {1, 0, 3, 0};
  std::array<int, 4> counts{};
  for (int i = 0; i < 4000; ++i) ++counts[sample_weighted(weights, rng)];
  EXPECT_EQ(counts[1], 0);
  EXPECT_EQ(counts[3], 0);
  EXPECT_NEAR(counts[2], 3000, 120);
  EXPECT_THROW(sample_weighted(std::array<double, 2>{0, 0}, rng), Error);
}

}  // namespace
}  // namespace flamingo::data
