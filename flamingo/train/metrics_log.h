#pragma once

#include <cstdint>
#include <string>
#include <utility>
#include <vector>

#include "flamingo/core/config.h"

namespace flamingo::train {

/// A value under its name, such as {"loss", 2.5}.
using Metric = std::pair<std::string, double>;

/// A file of one JSON object per training step: {"step": 12, "loss": 2.5, ...}, which a resumed run
/// continues without gap or repetition.
class MetricsLog {
 public:
  /// Keeps the lines of an existing file with "step" < first_step (a resumed run does the others
  /// again). Throws Error when the file cannot be read or written.
  MetricsLog(std::string path, int64_t first_step);
  ~MetricsLog();
  MetricsLog(const MetricsLog&) = delete;
  MetricsLog& operator=(const MetricsLog&) = delete;

  /// Appends one line; it reaches the file at once. Numbers that are not finite are written as
  /// null. Throws Error on a full disk or an I/O error.
  void write(int64_t step, const std::vector<Metric>& metrics);
  /// The same for any object with a "step".
  void write(const Json& line);

 private:
  std::string path_;
  int fd_ = -1;
};

}  // namespace flamingo::train
