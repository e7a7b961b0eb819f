#pragma once

#include <cstdint>
#include <functional>
#include <string>
#include <string_view>

namespace flamingo {

/// "4:05" or "1:02:03", rounded to seconds; "-:--" for a negative or absurd duration.
std::string format_duration(double seconds);

/// Where and how progress is shown. The library itself never prints: `write` does, or nobody.
struct ProgressOptions {
  std::function<void(std::string_view)>
      write;                      ///< receives the text, line ends included; may be empty
  std::function<double()> clock;  ///< seconds; empty: a monotonic clock
  bool terminal = false;          ///< redraw one line in place instead of adding lines
  double interval = 10.0;         ///< seconds between lines; a terminal is redrawn 5 times a second
  int columns = 100;              ///< width of the terminal
};

/// One line that tells how far a long job is:
///
///   train 312/971 [======>             ] 32%  loss 2.345  250 pictures/s  12:34 left
///
/// The time left follows from the steps done since construction, so that a resumed job is right
/// too.
class Progress {
 public:
  /// first: steps that an earlier process did.
  Progress(std::string title, int64_t first, int64_t total, ProgressOptions options);

  /// `done` steps of the total are done; `details` ("loss 2.345") is after the bar.
  /// Writes only when enough time has passed, and always when done == total.
  void update(int64_t done, std::string_view details);
  /// A line of its own ("checkpoint saved") above the progress line.
  void message(std::string_view text);
  /// Ends the line on a terminal.
  void finish();

 private:
  std::string line(int64_t done, std::string_view details) const;

  std::string title_;
  int64_t first_;
  int64_t total_;
  ProgressOptions options_;
  double start_ = 0;
  double last_ = -1e9;
  bool drawn_ = false;  ///< a terminal line waits for its end
};

}  // namespace flamingo
