#include "flamingo/report/axis.h"

#include <gtest/gtest.h>

#include <cmath>

#include "flamingo/core/error.h"
#include "flamingo/core/rng.h"
#include "tests/support/seed.h"

namespace flamingo::report {
namespace {

std::string labels(Interval range, bool logarithmic, int count = 6) {
  std::string text;
  for (const auto& tick : Axis(range, logarithmic).ticks(count))
    text += (text.empty() ? "" : " ") + tick.label;
  return text;
}

TEST(Axis, LinearTicksAreOneTwoFive) {
  EXPECT_EQ(labels({0, 1}, false), "0.0 0.2 0.4 0.6 0.8 1.0");
  EXPECT_EQ(labels({0, 1599}, false), "0 500 1000 1500");
  EXPECT_EQ(labels({-0.3, 0.3}, false), "-0.3 -0.2 -0.1 0.0 0.1 0.2 0.3");
  EXPECT_EQ(labels({0, 1e5}, false), "0 20k 40k 60k 80k 100k");
  EXPECT_EQ(labels({0, 2e-5}, false, 4), "0 5e-06 1e-05 1.5e-05 2e-05");
}

TEST(Axis, LogarithmicTicksArePowersOfTenOrOneTwoFive) {
  EXPECT_EQ(labels({0.5, 60}, true), "0.5 1 2 5 10 20 50");
  EXPECT_EQ(labels({1e-3, 1e4}, true), "0.001 0.1 10 1000");
  EXPECT_EQ(labels({1e-30, 1e30}, true), "1e-30 1e-20 1e-10 1 10G 1e+20 1e+30");
  EXPECT_EQ(labels({3, 4}, true),
            "3.0 3.2 3.4 3.6 3.8 4.0");  // none of 1, 2, 5: as on a linear one
}

TEST(Axis, PlacesValues) {
  EXPECT_DOUBLE_EQ(Axis({2, 4}, false).place(3), 0.5);
  EXPECT_DOUBLE_EQ(Axis({2, 4}, false).place(6), 2);
  EXPECT_DOUBLE_EQ(Axis({1, 100}, true).place(10), 0.5);
  EXPECT_FALSE(std::isfinite(Axis({1, 100}, true).place(0)));
  EXPECT_TRUE(std::isnan(Axis({1, 100}, true).place(-1)));
}

TEST(Axis, RefusesEmptyRanges) {
  EXPECT_THROW(Axis({1, 1}, false), Error);
  EXPECT_THROW(Axis({1, std::nan("")}, false), Error);
  EXPECT_THROW(Axis({-1e308, 1e308}, false), Error);
  EXPECT_THROW(Axis({0, 1}, true), Error);
}

TEST(Axis, WidensToWholeTicks) {
  const Interval range = widened_to_ticks({0.13, 4.7}, 6);
  EXPECT_DOUBLE_EQ(range.low, 0);
  EXPECT_DOUBLE_EQ(range.high, 5);
  EXPECT_DOUBLE_EQ(widened_to_ticks({0, 5}, 6).high, 5);
}

TEST(Axis, AnyRangeHasAFewTicksInsideInOrder) {
  Rng rng(testing::seeded(1));
  for (int i = 0; i < 2000; ++i) {
    const double low = rng.uniform(-1, 1) * std::pow(10, rng.uniform(-9, 9));
    const double high = low + std::abs(low) * std::pow(10, rng.uniform(-3, 6));
    for (const bool logarithmic : {false, low > 0}) {
      const auto ticks = Axis({low, high}, logarithmic).ticks(6);
      ASSERT_GE(ticks.size(), 2u) << low << " " << high;
      ASSERT_LE(ticks.size(), 14u) << low << " " << high;
      const double slack = (high - low) * 1e-6;
      EXPECT_GE(ticks.front().value, low - slack);
      EXPECT_LE(ticks.back().value, high + slack);
      for (size_t k = 1; k < ticks.size(); ++k) ASSERT_LT(ticks[k - 1].value, ticks[k].value);
    }
  }
}

}  // namespace
}  // namespace flamingo::report
