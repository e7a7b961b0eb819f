#pragma once

#include <cstddef>
#include <span>
#include <vector>

namespace flamingo::report {

/// A point of a plot; y is NaN where there is a gap.
struct Point {
  double x = 0;
  double y = 0;
};

/// The mean of the `window` points around each one (fewer at the ends), leaving out gaps, which
/// stay gaps. A window of 1 changes nothing. O(n).
std::vector<Point> running_mean(std::span<const Point> points, size_t window);

/// A curve of at most 4 * buckets points that looks the same: of each bucket of neighbours the
/// first, the lowest, the highest and the last. A bucket of gaps leaves one gap. O(n).
std::vector<Point> decimated(std::span<const Point> points, size_t buckets);

}  // namespace flamingo::report
