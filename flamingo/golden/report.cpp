#include "flamingo/golden/report.h"

#include <cstdio>

namespace flamingo::golden {

void Report::close(const std::string& name, double max_abs_difference, double tolerance) {
  const bool ok = max_abs_difference <= tolerance;  // false for NaN
  ++(ok ? ok_ : failed_);
  std::printf("%-4s %s  max_abs %.3g  tolerance %.3g\n", ok ? "ok" : "FAIL", name.c_str(),
              max_abs_difference, tolerance);
}

void Report::exact(const std::string& name, bool same, const std::string& detail) {
  ++(same ? ok_ : failed_);
  std::printf("%-4s %s  exact%s%s\n", same ? "ok" : "FAIL", name.c_str(),
              detail.empty() ? "" : "  ", detail.c_str());
}

void Report::not_supported(const std::string& name, const std::string& reason) {
  ++not_supported_;
  std::printf("n/a  %s  not supported: %s\n", name.c_str(), reason.c_str());
}

std::string Report::summary() const {
  return std::to_string(ok_) + " ok, " + std::to_string(failed_) + " failed, " +
         std::to_string(not_supported_) + " not supported";
}

}  // namespace flamingo::golden
