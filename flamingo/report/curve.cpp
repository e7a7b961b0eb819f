#include "flamingo/report/curve.h"

#include <algorithm>
#include <cmath>

namespace flamingo::report {
namespace {

/// Appends the points that a bucket is seen by, in order and each once.
void append_extremes(std::span<const Point> bucket, std::vector<Point>& result) {
  size_t picked[] = {0, 0, 0, bucket.size() - 1};
  bool any = false;
  for (size_t i = 0; i < bucket.size(); ++i) {
    if (std::isnan(bucket[i].y)) continue;
    if (!any || bucket[i].y < bucket[picked[1]].y) picked[1] = i;
    if (!any || bucket[i].y > bucket[picked[2]].y) picked[2] = i;
    any = true;
  }
  std::sort(std::begin(picked), std::end(picked));
  const auto* end = std::unique(std::begin(picked), any ? std::end(picked) : picked + 1);
  for (const size_t* i = picked; i != end; ++i) result.push_back(bucket[*i]);
}

}  // namespace

std::vector<Point> running_mean(std::span<const Point> points, size_t window) {
  const size_t before = (std::max<size_t>(window, 1) - 1) / 2;
  const size_t after = std::max<size_t>(window, 1) - before;  // one past the last of the window
  std::vector<Point> result(points.begin(), points.end());
  long double sum = 0;  // wide: sums and differences of doubles lose nothing that is seen
  size_t count = 0, first = 0, last = 0;
  const auto move_past = [&](size_t& edge, int sign) {
    const double y = points[edge++].y;
    if (std::isnan(y)) return;
    sum += sign * static_cast<long double>(y);
    count += static_cast<size_t>(sign);
  };
  for (size_t i = 0; i < points.size(); ++i) {
    while (last < std::min(points.size(), i + after)) move_past(last, 1);
    while (first + before < i) move_past(first, -1);
    if (!std::isnan(points[i].y))
      result[i].y = static_cast<double>(sum / static_cast<long double>(count));
  }
  return result;
}

std::vector<Point> decimated(std::span<const Point> points, size_t buckets) {
  if (points.size() <= 4 * buckets) return {points.begin(), points.end()};
  std::vector<Point> result;
  for (size_t i = 0; i < buckets; ++i) {
    const size_t begin = points.size() * i / buckets;
    const size_t end = points.size() * (i + 1) / buckets;
    append_extremes(points.subspan(begin, end - begin), result);
  }
  return result;
}

}  // namespace flamingo::report
