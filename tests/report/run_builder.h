#pragma once

#include <string>

#include "flamingo/report/run.h"

namespace flamingo::testing {

/// The metrics of `steps` steps: the loss falls from 5 to 1, gates open to 0.1 and 0.2.
inline std::string run_lines(int steps, int layers = 2) {
  std::string lines;
  for (int step = 0; step < steps; ++step) {
    const double done = (step + 1.0) / steps;
    nlohmann::ordered_json line = {{"step", step},
                                   {"loss", 5 - 4 * done},
                                   {"grad_norm", 2.0},
                                   {"lr_factor", 1 - done},
                                   {"accuracy", done}};
    for (int layer = 0; layer < layers; ++layer) {
      line["gate_xattn." + std::to_string(layer)] = 0.1 * done * (layer + 1) / layers;
      line["gate_dense." + std::to_string(layer)] = 0.2 * done * (layer + 1) / layers;
    }
    line["seconds"] = 2.0;
    lines += line.dump() + "\n";
  }
  return lines;
}

inline report::TrainingRun make_run(const std::string& name, const std::string& lines) {
  return {name, report::parse_metrics(lines, name), Json()};
}

}  // namespace flamingo::testing
