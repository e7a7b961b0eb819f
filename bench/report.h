#pragma once

#include <string>

#include "bench/roofs.h"
#include "bench/timing.h"
#include "flamingo/core/config.h"

namespace flamingo::bench {

/// What a line is about: `amount` units of work per call, such as 64 tokens.
struct Item {
  std::string scenario;
  std::string name;
  std::string unit;  ///< "token", "GFLOP", "picture"
  double amount = 1.0;
  double roof_amount = 0.0;  ///< the same work in units of its roof
  double goal = 0.0;         ///< fraction of the roof asked for, 0 for none
};

/// A piece of work and its roof, one right after the other, in the roof's unit a second.
struct Turn {
  double achieved = 0.0;
  double limit = 0.0;
  double fraction() const { return achieved / limit; }
};

/// Prints lines as a table while they come, or all as JSON at the end.
class Report {
 public:
  explicit Report(bool json) : json_(json) {}

  /// One line of text about what follows (nothing in JSON).
  void note(const std::string& text) const;
  /// A line of `item`, and a turn of it beside its roof.
  void add(const Item& item, const Timing& timing, const Roof& roof, const Turn& turn);
  /// A line of a roof alone.
  void add(const Roof& roof, const Timing& timing);
  /// Ends the report: writes the JSON.
  void finish() const;

 private:
  void add(Json line, const std::string& rest);

  bool json_;
  Json lines_ = Json::array();
};

}  // namespace flamingo::bench
