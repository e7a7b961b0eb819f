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

/// Times calls, one after the other.
class Stopwatch {
 public:
  /// Calls `work`, at least once and for at least `seconds`.
  template <class Work>
  void repeat(double seconds, const Work& work) {
    using Clock = std::chrono::steady_clock;
    const double end = total_ + seconds;
    do {
      const auto start = Clock::now();
      work();
      times_.push_back(std::chrono::duration<double>(Clock::now() - start).count());
      total_ += times_.back();
    } while (total_ < end);
  }

  /// Adds the calls of another.
  void append(const Stopwatch& other) {
    times_.insert(times_.end(), other.times_.begin(), other.times_.end());
    total_ += other.total_;
  }

  double total() const { return total_; }
  /// Of at least one call.
  Timing timing() const {
    std::vector<double> sorted = times_;
    std::sort(sorted.begin(), sorted.end());
    return {sorted.front(), sorted[sorted.size() / 2]};
  }

 private:
  std::vector<double> times_;
  double total_ = 0.0;
};

}  // namespace flamingo::bench
