#pragma once

#include <algorithm>
#include <chrono>
#include <vector>

namespace flamingo::bench {

/// Seconds of one call, over several calls.
struct Timing {
  double best = 0.0;
  double median = 0.0;
};

/// Calls `work` once to warm up, then for at least `seconds` and three times.
template <class Work>
Timing measure(double seconds, const Work& work) {
  using Clock = std::chrono::steady_clock;
  work();
  std::vector<double> times;
  double total = 0.0;
  while (times.size() < 3 || total < seconds) {
    const auto start = Clock::now();
    work();
    times.push_back(std::chrono::duration<double>(Clock::now() - start).count());
    total += times.back();
  }
  std::sort(times.begin(), times.end());
  return {times.front(), times[times.size() / 2]};
}

}  // namespace flamingo::bench
