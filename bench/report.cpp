#include "bench/report.h"

#include <cstdio>

namespace flamingo::bench {
namespace {

Json line_of(const std::string& scenario, const std::string& item, const std::string& unit,
             double amount, const Timing& timing) {
  return {{"scenario", scenario},
          {"item", item},
          {"unit", unit + "/s"},
          {"best", amount / timing.best},
          {"median", amount / timing.median}};
}

/// "37.6 of 39.0 GB/s read: 0.96 (goal 0.70)".
std::string share_text(const Json& line) {
  char text[128];
  std::snprintf(text, sizeof(text), " %7.1f of %.1f %s %s: %.2f", line["achieved"].get<double>(),
                line["limit"].get<double>(), line["roof_unit"].get<std::string>().c_str(),
                line["roof"].get<std::string>().c_str(), line["fraction"].get<double>());
  std::string result = text;
  if (line.contains("goal")) {
    std::snprintf(text, sizeof(text), " (goal %.2f%s)", line["goal"].get<double>(),
                  line["fraction"] >= line["goal"] ? "" : ", missed");
    result += text;
  }
  return result;
}

}  // namespace

void Report::note(const std::string& text) const {
  if (!json_) std::printf("%s\n", text.c_str());
}

void Report::add(const Item& item, const Timing& timing, const Roof& roof, const Turn& turn) {
  Json line = line_of(item.scenario, item.name, item.unit, item.amount, timing);
  line["roof"] = roof.name;
  line["roof_unit"] = roof.unit + "/s";
  line["achieved"] = turn.achieved;
  line["limit"] = turn.limit;
  line["fraction"] = turn.fraction();
  if (item.goal > 0.0) line["goal"] = item.goal;
  add(line, share_text(line));
}

void Report::add(const Roof& roof, const Timing& timing) {
  add(line_of("roof", roof.name, roof.unit, roof.amount, timing), "");
}

void Report::add(Json line, const std::string& rest) {
  if (!json_) {
    std::printf("%-10s %-28s %10.1f %10.1f %-9s%s\n", line["scenario"].get<std::string>().c_str(),
                line["item"].get<std::string>().c_str(), line["best"].get<double>(),
                line["median"].get<double>(), line["unit"].get<std::string>().c_str(),
                rest.c_str());
    std::fflush(stdout);
  }
  lines_.push_back(std::move(line));
}

void Report::finish() const {
  if (json_) std::printf("%s\n", lines_.dump(2).c_str());
}

}  // namespace flamingo::bench
