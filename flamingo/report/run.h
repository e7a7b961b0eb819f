#pragma once

#include <cstdint>
#include <string>
#include <vector>

#include "flamingo/core/config.h"
#include "flamingo/report/metrics_table.h"

namespace flamingo::report {

/// What is known of a training run, finished or not.
struct TrainingRun {
  std::string name;      ///< unlike those of the runs beside it
  MetricsTable metrics;  ///< with "items_per_second" where there are "items", else
                         ///< "steps_per_second", where there are "seconds"
  Json recipe;           ///< null where none is given
  /// Steps of the whole run as the recipe says; without one, those done.
  int64_t total_steps() const;
};

/// Reads runs: each path is a run's folder or its metrics.jsonl; recipes, by position, are files of
/// JSON with // comments and may be fewer. Throws Error: no path or more than 8, more recipes than
/// paths, a file that cannot be read, a run without a step.
std::vector<TrainingRun> read_runs(const std::vector<std::string>& paths,
                                   const std::vector<std::string>& recipes);

/// The points that a running mean takes together: `smooth`, or a 60th of them where it is 0.
size_t smoothing_window(size_t num_points, int64_t smooth);

/// What a column comes to.
struct MetricSummary {
  double last = 0;    ///< NaN where not finite
  double recent = 0;  ///< mean of the last `window` finite values
  double lowest = 0, highest = 0;
  int64_t lowest_step = -1, highest_step = -1;  ///< of their first occurrence
  int64_t num_finite = 0;  ///< where 0, the means and extremes are NaN, the steps -1
  int64_t num_not_finite = 0;
};
/// smooth: points of the running mean, 0 for a 60th of the column's.
MetricSummary summarize(const MetricColumn& column, int64_t smooth);

/// {"runs": [{"name", "steps", "metrics": {name: {"last", "recent", "lowest", "lowest_step",
/// ...}}}]} with null for what is not finite.
Json summary_json(const std::vector<TrainingRun>& runs, int64_t smooth);

}  // namespace flamingo::report
