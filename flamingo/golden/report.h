#pragma once

#include <cstdint>
#include <string>

namespace flamingo::golden {

/// Prints one line per comparison and counts the results.
class Report {
 public:
  /// A float comparison: ok when max_abs_difference <= tolerance (NaN fails).
  void close(const std::string& name, double max_abs_difference, double tolerance);
  /// An exact comparison; `detail` says where the first difference is, or how many items agreed.
  void exact(const std::string& name, bool same, const std::string& detail = {});
  void not_supported(const std::string& name, const std::string& reason);
  /// "N ok, M failed, K not supported".
  std::string summary() const;

  int64_t failed() const { return failed_; }
  int64_t compared() const { return ok_ + failed_ + not_supported_; }

 private:
  int64_t ok_ = 0;
  int64_t failed_ = 0;
  int64_t not_supported_ = 0;
};

}  // namespace flamingo::golden
