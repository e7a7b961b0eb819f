#include "flamingo/report/value_range.h"

#include <gtest/gtest.h>

#include <cmath>

#include "tests/support/rounding.h"

namespace flamingo::report {
namespace {

constexpr int kTicks = 6;
const double kSlack = testing::rounding<double>(testing::kFunction, 1);

Curve curve_of(const std::vector<double>& values, size_t window = 1) {
  Curve curve{.window = window};
  for (size_t i = 0; i < values.size(); ++i)
    curve.points.push_back({static_cast<double>(i), values[i]});
  return curve;
}

ValueRange range_of(const Curve& curve, Scale scale = Scale::kLinear) {
  return value_range_of({&curve}, scale, kTicks);
}

TEST(ValueRange, LinearOnesEndOnTicksAndStartAtZeroWhereThatIsCheap) {
  const auto cheap = range_of(curve_of({1, 4.7}));
  EXPECT_DOUBLE_EQ(cheap.interval.low, 0);
  EXPECT_DOUBLE_EQ(cheap.interval.high, 5);
  const auto dear = range_of(curve_of({96, 99}));
  EXPECT_DOUBLE_EQ(dear.interval.low, 96);
  EXPECT_DOUBLE_EQ(dear.interval.high, 99);
  EXPECT_DOUBLE_EQ(range_of(curve_of({-3, 1})).interval.low, -3);
}

TEST(ValueRange, ARareSpikeLeavesTheSmoothedCurveItsRoom) {
  std::vector<double> values(1000, 1.0);
  values[500] = 1e6;
  EXPECT_LT(range_of(curve_of(values, 1001)).interval.high, 5000);  // the mean's, not the point's
  EXPECT_GE(range_of(curve_of(values)).interval.high, 1e6);         // it is the curve itself
}

TEST(ValueRange, LogarithmicWhereValuesArePositiveAndFarApart) {
  EXPECT_TRUE(range_of(curve_of({0.1, 4}), Scale::kAutomatic).logarithmic);
  EXPECT_FALSE(range_of(curve_of({0.1, 4}), Scale::kLinear).logarithmic);
  EXPECT_FALSE(range_of(curve_of({1, 4}), Scale::kAutomatic).logarithmic);
  EXPECT_FALSE(range_of(curve_of({0, 4}), Scale::kAutomatic).logarithmic);
}

TEST(ValueRange, CoversAllCurves) {
  const Curve a = curve_of({1, 2}), b = curve_of({-7, 3});
  const auto range = value_range_of({&a, &b}, Scale::kLinear, kTicks).interval;
  EXPECT_LE(range.low, -7);
  EXPECT_GE(range.high, 3);
}

TEST(ValueRange, AnyValuesGiveAnAxis) {
  EXPECT_FALSE(range_of(curve_of({})).found);
  EXPECT_FALSE(range_of(curve_of({std::nan("")})).found);
  const std::vector<std::vector<double>> cases = {
      {0}, {5}, {-5}, {1e308, -1e308}, {1e-300, 3e-300}, {1e-320}, {7, 7 + 1e-12}, {1e-300, 1e300}};
  for (const auto& values : cases) {
    for (const Scale scale : {Scale::kLinear, Scale::kAutomatic}) {
      const auto range = range_of(curve_of(values), scale);
      ASSERT_TRUE(range.found);
      const Axis axis(range.interval, range.logarithmic);
      EXPECT_FALSE(axis.ticks(kTicks).empty()) << values[0];
      if (std::abs(values[0]) < 1e300) {
        EXPECT_GE(axis.place(values[0]), -kSlack) << values[0];
        EXPECT_LE(axis.place(values[0]), 1 + kSlack) << values[0];
      }
    }
  }
}

TEST(XRange, SpansTheCurves) {
  const std::vector<Curve> curves = {{.points = {{3, 0}, {9, 0}}}, {.points = {{-1, 0}}}, {}};
  EXPECT_EQ(x_range_of(curves).low, -1);
  EXPECT_EQ(x_range_of(curves).high, 9);
  EXPECT_EQ(x_range_of({{.points = {{4, 0}}}}).low, 3.5);
  EXPECT_EQ(x_range_of({}).high, 0.5);
}

}  // namespace
}  // namespace flamingo::report
