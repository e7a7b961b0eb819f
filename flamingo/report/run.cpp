#include "flamingo/report/run.h"

#include <algorithm>
#include <cmath>
#include <filesystem>
#include <limits>
#include <numeric>

#include "flamingo/core/error.h"

namespace flamingo::report {
namespace {

constexpr size_t kMaxRuns = 8;
constexpr size_t kSmoothShare = 60;
constexpr double kNan = std::numeric_limits<double>::quiet_NaN();

std::string metrics_path(const std::string& path) {
  require(std::filesystem::exists(path), path,
          "expected the folder of a run or its metrics.jsonl, got nothing there");
  return std::filesystem::is_directory(path) ? path + "/metrics.jsonl" : path;
}

/// The last component that says something: the folder's name also for its metrics.jsonl.
std::string short_name(const std::string& path) {
  auto folder = std::filesystem::absolute(path).lexically_normal();
  if (!folder.has_filename() || folder.filename() == "metrics.jsonl") folder = folder.parent_path();
  return folder.filename().string();
}

std::vector<std::string> run_names(const std::vector<std::string>& paths) {
  std::vector<std::string> names;
  for (const auto& path : paths) names.push_back(short_name(path));
  const auto short_names = names;
  for (size_t i = 0; i < names.size(); ++i) {
    if (std::count(short_names.begin(), short_names.end(), names[i]) > 1) names[i] = paths[i];
  }
  return names;
}

/// items / seconds at the steps that have both, or 1 / seconds where no items are logged.
void add_speed(MetricsTable& table) {
  const MetricColumn* seconds = table.find("seconds");
  if (seconds == nullptr) return;
  const MetricColumn* items = table.find("items");
  MetricColumn speed{items != nullptr ? "items_per_second" : "steps_per_second", {}, {}};
  if (table.find(speed.name) != nullptr) return;
  size_t at = 0;
  for (size_t i = 0; i < seconds->steps.size(); ++i) {
    double count = 1;
    if (items != nullptr) {
      while (at < items->steps.size() && items->steps[at] < seconds->steps[i]) ++at;
      if (at == items->steps.size() || items->steps[at] != seconds->steps[i]) continue;
      count = items->values[at];
    }
    const double value = count / seconds->values[i];
    speed.steps.push_back(seconds->steps[i]);
    speed.values.push_back(std::isfinite(value) ? value : kNan);
  }
  table.columns.push_back(std::move(speed));
}

Json number_or_null(double value) { return std::isfinite(value) ? Json(value) : Json(); }

Json to_json(const MetricSummary& summary) {
  return {{"last", number_or_null(summary.last)},       {"recent", number_or_null(summary.recent)},
          {"lowest", number_or_null(summary.lowest)},   {"lowest_step", summary.lowest_step},
          {"highest", number_or_null(summary.highest)}, {"highest_step", summary.highest_step},
          {"num_finite", summary.num_finite},           {"num_not_finite", summary.num_not_finite}};
}

}  // namespace

int64_t TrainingRun::total_steps() const {
  const Json::json_pointer steps("/train/steps");
  if (recipe.is_object() && recipe.contains(steps) && recipe.at(steps).is_number_integer())
    return std::max(recipe.at(steps).get<int64_t>(), metrics.last_step + 1);
  return metrics.last_step + 1;
}

std::vector<TrainingRun> read_runs(const std::vector<std::string>& paths,
                                   const std::vector<std::string>& recipes) {
  require(!paths.empty() && paths.size() <= kMaxRuns, "report", "expected 1 to {} runs, got {}",
          kMaxRuns, paths.size());
  require(recipes.size() <= paths.size(), "report",
          "expected at most a recipe for each run, got {}", recipes.size());
  const auto names = run_names(paths);
  std::vector<TrainingRun> runs;
  for (size_t i = 0; i < paths.size(); ++i) {
    const std::string file = metrics_path(paths[i]);
    TrainingRun run{names[i], read_metrics(file),
                    i < recipes.size() ? read_json_file(recipes[i]) : Json()};
    require(run.metrics.num_steps > 0, file, "expected at least one step, got none");
    add_speed(run.metrics);
    runs.push_back(std::move(run));
  }
  return runs;
}

size_t smoothing_window(size_t num_points, int64_t smooth) {
  return smooth > 0 ? static_cast<size_t>(smooth) : std::max<size_t>(1, num_points / kSmoothShare);
}

MetricSummary summarize(const MetricColumn& column, int64_t smooth) {
  MetricSummary summary{.last = kNan, .recent = kNan, .lowest = kNan, .highest = kNan};
  std::vector<double> finite;
  for (size_t i = 0; i < column.values.size(); ++i) {
    const double value = summary.last = column.values[i];
    if (std::isnan(value)) continue;
    finite.push_back(value);
    const auto step = static_cast<int64_t>(column.steps[i]);
    if (!(summary.lowest <= value)) summary.lowest = value, summary.lowest_step = step;
    if (!(summary.highest >= value)) summary.highest = value, summary.highest_step = step;
  }
  summary.num_finite = static_cast<int64_t>(finite.size());
  summary.num_not_finite = static_cast<int64_t>(column.values.size() - finite.size());
  const size_t window = std::min(finite.size(), smoothing_window(column.values.size(), smooth));
  if (window > 0) {
    const long double sum =
        std::accumulate(finite.end() - static_cast<std::ptrdiff_t>(window), finite.end(), 0.0L);
    summary.recent = static_cast<double>(sum / static_cast<long double>(window));
  }
  return summary;
}

Json summary_json(const std::vector<TrainingRun>& runs, int64_t smooth) {
  Json list = Json::array();
  for (const auto& run : runs) {
    Json metrics = Json::object();
    for (const auto& column : run.metrics.columns)
      metrics[column.name] = to_json(summarize(column, smooth));
    list.push_back({{"name", run.name}, {"steps", run.metrics.num_steps}, {"metrics", metrics}});
  }
  return {{"runs", list}};
}

}  // namespace flamingo::report
