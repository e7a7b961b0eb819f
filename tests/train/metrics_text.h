#pragma once

#include <sstream>
#include <string>
#include <vector>

#include "flamingo/core/config.h"
#include "flamingo/core/file.h"

namespace flamingo::testing {

/// The metrics of a run without their timings.
inline std::string metrics_without_times(const std::string& output) {
  std::istringstream lines(read_file(output + "/metrics.jsonl", 1 << 20));
  std::string text, line;
  while (std::getline(lines, line)) {
    Json json = Json::parse(line);
    for (const char* timing : {"seconds", "data_wait", "memory_gib", "mfu"}) json.erase(timing);
    text += json.dump() + "\n";
  }
  return text;
}

/// The same, line by line.
inline std::vector<Json> lines_without_times(const std::string& output) {
  std::istringstream lines(metrics_without_times(output));
  std::vector<Json> metrics;
  for (std::string line; std::getline(lines, line);) metrics.push_back(Json::parse(line));
  return metrics;
}

}  // namespace flamingo::testing
