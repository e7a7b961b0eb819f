#include "flamingo/core/rng.h"

#include <gtest/gtest.h>

#include <algorithm>
#include <cmath>
#include <numeric>
#include <vector>

namespace flamingo {
namespace {

TEST(Rng, IsXoshiro256StarStar) {
  // The reference algorithm from state {1, 2, 3, 4}.
  Rng rng(Rng::State{1, 2, 3, 4});
  EXPECT_EQ(rng.next(), 11520u);
  EXPECT_EQ(rng.next(), 0u);
  EXPECT_EQ(rng.next(), 1509978240u);
  EXPECT_EQ(rng.next(), 1215971899390074240u);
}

TEST(Rng, SeedsThroughSplitMix) {
  EXPECT_EQ(Rng(0).state()[0], 0xe220a8397b1dcdafull);
  EXPECT_EQ(Rng(0).state()[1], 0x6e789e6aa1b965f4ull);
  EXPECT_NE(Rng(1).next(), Rng(2).next());
}

TEST(Rng, ResumesFromItsState) {
  Rng rng(7);
  for (int i = 0; i < 100; ++i) rng.normal();
  Rng resumed(rng.state());
  for (int i = 0; i < 100; ++i) EXPECT_EQ(rng.normal(), resumed.normal());
}

TEST(Rng, NamedStreamsDiffer) {
  EXPECT_EQ(Rng::for_name(3, "a").state(), Rng::for_name(3, "a").state());
  EXPECT_NE(Rng::for_name(3, "a").state(), Rng::for_name(3, "b").state());
  EXPECT_NE(Rng::for_name(3, "a").state(), Rng::for_name(4, "a").state());
}

TEST(Rng, BelowCoversItsRangeEvenly) {
  Rng rng(5);
  std::vector<int> counts(7, 0);
  for (int i = 0; i < 70'000; ++i) ++counts.at(rng.below(7));
  for (const int count : counts) EXPECT_NEAR(count, 10'000, 500);  // over 5 sigma
  EXPECT_EQ(rng.below(1), 0u);
  EXPECT_LT(rng.below((1ull << 63) + 1), (1ull << 63) + 1);
}

TEST(Rng, UniformStaysInRange) {
  Rng rng(6);
  double sum = 0;
  for (int i = 0; i < 100'000; ++i) {
    const double value = rng.uniform(-2, 6);
    ASSERT_GE(value, -2);
    ASSERT_LT(value, 6);
    sum += value;
  }
  EXPECT_NEAR(sum / 100'000, 2.0, 0.05);
}

TEST(Rng, NormalHasUnitMoments) {
  Rng rng(8);
  double sum = 0, squares = 0;
  constexpr int kCount = 100'000;
  for (int i = 0; i < kCount; ++i) {
    const double value = rng.normal();
    ASSERT_TRUE(std::isfinite(value));
    sum += value;
    squares += value * value;
  }
  EXPECT_NEAR(sum / kCount, 0.0, 0.02);
  EXPECT_NEAR(squares / kCount, 1.0, 0.03);
}

TEST(Rng, CoinFollowsItsProbability) {
  Rng rng(9);
  int heads = 0;
  for (int i = 0; i < 10'000; ++i) heads += rng.coin(0.25);
  EXPECT_NEAR(heads, 2500, 250);
  EXPECT_FALSE(rng.coin(0.0));
  EXPECT_TRUE(rng.coin(1.0));
}

TEST(Rng, ShuffleKeepsAllItems) {
  std::vector<int> items(100);
  std::iota(items.begin(), items.end(), 0);
  std::vector<int> shuffled = items;
  Rng rng(10);
  shuffle(shuffled, rng);
  EXPECT_NE(shuffled, items);
  std::sort(shuffled.begin(), shuffled.end());
  EXPECT_EQ(shuffled, items);
}

}  // namespace
}  // namespace flamingo
