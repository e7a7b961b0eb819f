#pragma once

#include <string>
#include <vector>

#include "bench/timing.h"
#include "flamingo/core/config.h"

namespace flamingo::bench {

/// A limit of this machine, and how much of it a line reached.
struct Share {
  std::string roof;       ///< "read", "bf16", "fp32"; empty: no roof applies
  double achieved = 0.0;  ///< of the best call, in the roof's unit
  double limit = 0.0;     ///< measured on this machine
  double goal = 0.0;      ///< fraction asked for, 0 for none
};

/// One result: `amount` units of work per call, such as 64 tokens.
struct Line {
  std::string scenario;
  std::string item;
  std::string unit;  ///< "token", "GFLOP", "picture"
  double amount = 1.0;
  Timing timing;
  Share share;
};

/// Prints lines as a table while they come, or all as JSON at the end.
class Report {
 public:
  explicit Report(bool json) : json_(json) {}

  /// One line of text about what follows (nothing in JSON).
  void note(const std::string& text) const;
  void add(const Line& line);
  /// Ends the report: writes the JSON.
  void finish() const;

 private:
  bool json_;
  Json lines_ = Json::array();
};

}  // namespace flamingo::bench
