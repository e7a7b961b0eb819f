#pragma once

#include <string>
#include <vector>

namespace flamingo::report {

/// A closed range of finite numbers, low < high.
struct Interval {
  double low = 0;
  double high = 1;
};

/// A labelled place on an axis.
struct Tick {
  double value = 0;
  std::string label;
};

/// One direction of a plot: which values it shows and where.
class Axis {
 public:
  /// Shows `range` on a linear or logarithmic scale. A logarithmic axis needs range.low > 0.
  /// Throws Error when that or low < high does not hold, or a bound is not finite.
  Axis(Interval range, bool logarithmic);

  /// 0 at range.low, 1 at range.high; outside it goes on. NaN where a logarithmic axis has no such
  /// value.
  double place(double value) const;
  /// About `count` ticks at 1, 2 or 5 times a power of ten (on a long logarithmic axis at powers of
  /// ten), all within the range, with labels of equal precision.
  std::vector<Tick> ticks(int count) const;

  const Interval& range() const { return range_; }

 private:
  std::vector<Tick> linear_ticks(int count) const;
  std::vector<Tick> logarithmic_ticks(int count) const;

  Interval range_;
  bool logarithmic_;
};

/// The range widened to whole ticks of a linear axis, so that its ends carry labels.
Interval widened_to_ticks(Interval range, int count);

}  // namespace flamingo::report
