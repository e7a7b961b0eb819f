#pragma once

#include <vector>

#include "flamingo/report/chart.h"

namespace flamingo::report {

/// What a y axis shows.
struct ValueRange {
  Interval interval;
  bool logarithmic = false;
  bool found = false;  ///< there is a finite value
};

/// The running means of all curves and 98 % of their points (a rare spike may leave the plot), a
/// little widened: to whole ticks on a linear axis, which also starts at 0 where that costs less
/// than half of it.
ValueRange value_range_of(const std::vector<const Curve*>& curves, Scale scale, int ticks);

/// From the first x of the curves to the last; a range of 1 around a single one.
Interval x_range_of(const std::vector<Curve>& curves);

}  // namespace flamingo::report
