#include "flamingo/report/curve.h"

#include <gtest/gtest.h>

#include <algorithm>
#include <cmath>

#include "flamingo/core/rng.h"
#include "tests/support/rounding.h"

namespace flamingo::report {
namespace {

const double kGap = std::nan("");

std::vector<Point> noise(size_t count, double gap_share = 0) {
  Rng rng(1);
  std::vector<Point> points;
  for (size_t i = 0; i < count; ++i)
    points.push_back({static_cast<double>(i), rng.coin(gap_share) ? kGap : rng.normal()});
  return points;
}

/// As the definition says.
double mean_around(const std::vector<Point>& points, size_t at, size_t window) {
  double sum = 0, count = 0;
  for (size_t i = 0; i < points.size(); ++i) {
    const auto offset = static_cast<double>(i) - static_cast<double>(at);
    const double before = static_cast<double>((window - 1) / 2);
    if (offset < -before || offset >= static_cast<double>(window) - before) continue;
    if (std::isnan(points[i].y)) continue;
    sum += points[i].y;
    ++count;
  }
  return sum / count;
}

TEST(RunningMean, MatchesThePlainMean) {
  const double tolerance = testing::rounding<double>(2 * 60, 4);  // sums of 60 values of size 4
  for (const double gap_share : {0.0, 0.3}) {
    const auto points = noise(60, gap_share);
    for (const size_t window : {1, 2, 3, 10, 59, 60, 500}) {
      const auto smooth = running_mean(points, window);
      ASSERT_EQ(smooth.size(), points.size());
      for (size_t i = 0; i < points.size(); ++i) {
        EXPECT_EQ(smooth[i].x, points[i].x);
        EXPECT_EQ(std::isnan(smooth[i].y), std::isnan(points[i].y));
        if (std::isnan(points[i].y)) continue;
        EXPECT_NEAR(smooth[i].y, mean_around(points, i, window), tolerance) << i << " " << window;
      }
    }
  }
}

TEST(RunningMean, ALargeValueLeavesNoTrace) {
  auto points = noise(20);
  points[3].y = 1e15;
  const auto smooth = running_mean(points, 3);
  EXPECT_NEAR(smooth[10].y, mean_around(points, 10, 3),
              testing::rounding<long double>(2 * 3, 1e15));
}

TEST(Decimated, KeepsEndsAndExtremes) {
  auto points = noise(10'000);
  points[4321].y = 99;
  points[7777].y = -99;
  const auto few = decimated(points, 100);
  EXPECT_LE(few.size(), 400u);
  EXPECT_GE(few.size(), 300u);
  EXPECT_EQ(few.front().x, 0);
  EXPECT_EQ(few.back().x, 9999);
  const auto has = [&](double y) {
    return std::any_of(few.begin(), few.end(), [&](const Point& p) { return p.y == y; });
  };
  EXPECT_TRUE(has(99));
  EXPECT_TRUE(has(-99));
  for (size_t i = 1; i < few.size(); ++i) EXPECT_LT(few[i - 1].x, few[i].x);
}

TEST(Decimated, KeepsGapsAndShortCurves) {
  EXPECT_EQ(decimated(noise(400), 100).size(), 400u);
  EXPECT_TRUE(decimated({}, 100).empty());
  auto points = noise(10'000);
  for (size_t i = 2000; i < 4000; ++i) points[i].y = kGap;
  const auto few = decimated(points, 100);
  EXPECT_EQ(std::count_if(few.begin(), few.end(), [](const Point& p) { return std::isnan(p.y); }),
            20);  // a point for each bucket of the gap
}

}  // namespace
}  // namespace flamingo::report
