#pragma once

#include <sstream>
#include <string>

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

}  // namespace flamingo::testing
