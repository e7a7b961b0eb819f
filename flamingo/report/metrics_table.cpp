#include "flamingo/report/metrics_table.h"

#include <limits>
#include <map>

#include "flamingo/core/config.h"
#include "flamingo/core/file.h"

namespace flamingo::report {
namespace {

constexpr uint64_t kMaxBytes = 1ull << 30;
constexpr size_t kMaxColumns = 4096;

/// Appends the lines' numbers to the columns.
class TableBuilder {
 public:
  void add(const Json& line, const std::string& where) {
    require(line.is_object(), where, "expected a JSON object, got {}", line.type_name());
    const auto step = line.find("step");
    if (step == line.end() || !step->is_number_integer())
      fail(where, "expected a whole number \"step\", got {}",
           step == line.end() ? "none" : step->dump());
    const auto number = step->get<int64_t>();
    require(number > table_.last_step, where, "expected a step above {}, got {}", table_.last_step,
            number);
    table_.last_step = number;
    ++table_.num_steps;
    for (const auto& [name, value] : line.items()) {
      if (name != "step") add_value(name, value, where);
    }
  }
  MetricsTable take() { return std::move(table_); }

 private:
  void add_value(const std::string& name, const Json& value, const std::string& where) {
    require(value.is_number() || value.is_null(), where,
            "expected a number or null as \"{}\", got {}", name, value.type_name());
    const auto [known, added] = index_.emplace(name, table_.columns.size());
    if (added) {
      require(index_.size() <= kMaxColumns, where, "expected at most {} names, got more",
              kMaxColumns);
      table_.columns.push_back({name, {}, {}});
    }
    auto& column = table_.columns[known->second];
    column.steps.push_back(static_cast<double>(table_.last_step));
    column.values.push_back(value.is_null() ? std::numeric_limits<double>::quiet_NaN()
                                            : value.get<double>());
  }

  MetricsTable table_;
  std::map<std::string, size_t> index_;
};

}  // namespace

const MetricColumn* MetricsTable::find(std::string_view name) const {
  for (const auto& column : columns) {
    if (column.name == name) return &column;
  }
  return nullptr;
}

MetricsTable parse_metrics(std::string_view text, const std::string& where) {
  TableBuilder builder;
  for (int64_t number = 1; !text.empty(); ++number) {
    const size_t end = text.find('\n');
    const bool whole = end != std::string_view::npos;
    const std::string_view line = text.substr(0, end);
    text.remove_prefix(whole ? end + 1 : text.size());
    if (!whole && !Json::accept(line)) break;
    const std::string at = where + ":" + std::to_string(number);
    builder.add(parse_json(line, at), at);
  }
  return builder.take();
}

MetricsTable read_metrics(const std::string& path) {
  return parse_metrics(read_file(path, kMaxBytes), path);
}

}  // namespace flamingo::report
