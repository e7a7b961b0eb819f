#include "flamingo/report/value_range.h"

#include <algorithm>
#include <cmath>
#include <limits>

namespace flamingo::report {
namespace {

constexpr double kLogarithmicFrom = 30;  // ratio of the highest to the lowest value
constexpr double kUnseen = 0.01;         // share of points that may lie above, and below
constexpr double kLargest = 1e300;       // so that a range does not overflow
constexpr double kNarrowest = 1e-6;      // width over size: narrower is rounding
constexpr double kLogMargin = 1.1;

struct Bounds {
  double low = std::numeric_limits<double>::infinity();
  double high = -std::numeric_limits<double>::infinity();

  void add(double value) {
    if (!std::isfinite(value)) return;
    low = std::min(low, std::clamp(value, -kLargest, kLargest));
    high = std::max(high, std::clamp(value, -kLargest, kLargest));
  }
};

/// The value that a share of all lies below.
double quantile(std::vector<double>& values, double share) {
  const auto at = values.begin() + static_cast<std::ptrdiff_t>(
                                       std::lround(share * static_cast<double>(values.size() - 1)));
  std::nth_element(values.begin(), at, values.end());
  return *at;
}

Bounds bounds_of(const std::vector<const Curve*>& curves) {
  Bounds bounds;
  std::vector<double> values;
  for (const Curve* curve : curves) {
    for (const auto& point : running_mean(curve->points, curve->window)) bounds.add(point.y);
    for (const auto& point : curve->points) {
      if (std::isfinite(point.y)) values.push_back(point.y);
    }
  }
  if (!values.empty()) {
    bounds.add(quantile(values, kUnseen));
    bounds.add(quantile(values, 1 - kUnseen));
  }
  return bounds;
}

Interval linear_interval(const Bounds& bounds, int ticks) {
  Interval interval{bounds.low, bounds.high};
  if (interval.low > 0 && interval.low < interval.high / 2) interval.low = 0;
  const double size = std::max(std::abs(interval.low), std::abs(interval.high));
  if (interval.high - interval.low <= kNarrowest * size || size == 0) {
    const double half = size == 0 ? 1 : size / 10;
    interval = {interval.low - half, interval.high + half};
  }
  return widened_to_ticks(interval, ticks);
}

}  // namespace

ValueRange value_range_of(const std::vector<const Curve*>& curves, Scale scale, int ticks) {
  const Bounds bounds = bounds_of(curves);
  if (bounds.low > bounds.high) return {};
  if (scale == Scale::kAutomatic && bounds.low > 0 &&
      bounds.high / bounds.low >= kLogarithmicFrom) {
    return {{bounds.low / kLogMargin, bounds.high * kLogMargin}, true, true};
  }
  return {linear_interval(bounds, ticks), false, true};
}

Interval x_range_of(const std::vector<Curve>& curves) {
  Bounds bounds;
  for (const auto& curve : curves) {
    if (curve.points.empty()) continue;
    bounds.add(curve.points.front().x);
    bounds.add(curve.points.back().x);
  }
  if (bounds.low < bounds.high) return {bounds.low, bounds.high};
  const double middle = bounds.low > bounds.high ? 0 : bounds.low;
  return {middle - 0.5, middle + 0.5};
}

}  // namespace flamingo::report
