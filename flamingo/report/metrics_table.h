#pragma once

#include <cstdint>
#include <string>
#include <string_view>
#include <vector>

namespace flamingo::report {

/// One metric over a run: the steps whose line names it, and its value there.
struct MetricColumn {
  std::string name;
  std::vector<double> steps;   ///< increasing
  std::vector<double> values;  ///< as many; NaN where the line says null (not finite)
};

/// A run's metrics by name.
struct MetricsTable {
  std::vector<MetricColumn> columns;  ///< by the line that first has them, then by name; no "step"
  int64_t num_steps = 0;              ///< lines read
  int64_t last_step = -1;             ///< of the last line; -1 when there is none

  /// The column of that name, or nullptr. It lives as long as the table stays as it is.
  const MetricColumn* find(std::string_view name) const;
};

/// Reads lines of {"step": 12, "loss": 2.5, ...} as MetricsLog writes them. A last line that is cut
/// off is left out, since the run may still be writing it. Throws Error naming `where` and the
/// line: no JSON object, a step that is missing or not above the one before, a value that is
/// neither a number nor null, more than 4,096 names.
MetricsTable parse_metrics(std::string_view text, const std::string& where);

/// parse_metrics of a file of at most 1 GiB. Throws Error as read_file does, too.
MetricsTable read_metrics(const std::string& path);

}  // namespace flamingo::report
