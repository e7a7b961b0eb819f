#include "flamingo/report/run_report.h"

#include <cstdio>
#include <map>
#include <utility>

#include "flamingo/core/progress.h"
#include "flamingo/report/markup.h"
#include "flamingo/report/run_figures.h"

namespace flamingo::report {
namespace {

constexpr const char* kStyle =
    R"(:root { color-scheme: light dark; --line: #d9dce1; --soft: #5b6470; }
@media (prefers-color-scheme: dark) { :root { --line: #3a3f47; --soft: #a3abb6; } }
body { font: 15px/1.5 system-ui, sans-serif; max-width: 984px; margin: 0 auto; padding: 1rem; }
h1 { font-size: 1.5rem; margin: 0.5rem 0; } h2 { font-size: 1.15rem; margin: 2rem 0 0.5rem; }
p { color: var(--soft); margin: 0.25rem 0 0.75rem; }
svg { max-width: 100%; height: auto; display: block; }
.pair { display: grid; grid-template-columns: repeat(auto-fit, minmax(min(100%, 400px), 1fr)); gap: 1rem 1.5rem; }
.scroll { overflow-x: auto; }
table { border-collapse: collapse; font-variant-numeric: tabular-nums; }
th, td { padding: 0.2rem 0.8rem; border-bottom: 1px solid var(--line); text-align: right; white-space: nowrap; }
th.text, td.text { text-align: left; } thead th { color: var(--soft); font-weight: 600; }
tbody th { font-weight: 500; } td.differs { font-weight: 700; }
td.long { white-space: normal; overflow-wrap: anywhere; }
)";

/// A table row by row; every cell is escaped.
class Table {
 public:
  /// The first `num_text` columns hold text, the others numbers.
  Table(const std::vector<std::string>& heads, size_t num_text) : num_text_(num_text) {
    html_ = "<div class=\"scroll\"><table>\n<thead><tr>";
    for (size_t i = 0; i < heads.size(); ++i)
      html_ += "<th scope=\"col\"" + text_class(i) + ">" + escape_markup(heads[i]) + "</th>";
    html_ += "</tr></thead>\n<tbody>\n";
  }
  void row(const std::vector<std::string>& cells) {
    html_ += "<tr>";
    for (size_t i = 0; i < cells.size(); ++i) {
      const std::string tag = i == 0 ? "th" : "td";
      html_ += "<" + tag + (i == 0 ? " scope=\"row\"" : "") + text_class(i) + ">" +
               escape_markup(cells[i]) + "</" + tag + ">";
    }
    html_ += "</tr>\n";
  }
  std::string html() const { return html_ + "</tbody>\n</table></div>\n"; }

 private:
  std::string text_class(size_t column) const {
    return column < num_text_ ? " class=\"text\"" : "";
  }

  size_t num_text_;
  std::string html_;
};

std::string heading(const std::string& text) { return "<h2>" + escape_markup(text) + "</h2>\n"; }

double sum_of(const MetricColumn* column) {
  double sum = 0;
  if (column == nullptr) return sum;
  for (const double value : column->values) sum += value == value ? value : 0;
  return sum;
}

std::string recent_of(const TrainingRun& run, const char* metric, int64_t smooth) {
  const MetricColumn* column = run.metrics.find(metric);
  return column == nullptr ? "-" : format_number(summarize(*column, smooth).recent);
}

std::string overview(const std::vector<TrainingRun>& runs, int64_t smooth) {
  Table table({"Run", "Steps done", "of", "Time", "Loss, recent mean", "Steps not finite"}, 1);
  for (const auto& run : runs) {
    const MetricColumn* loss = run.metrics.find("loss");
    table.row({run.name, std::to_string(run.metrics.last_step + 1),
               std::to_string(run.total_steps()),
               format_duration(sum_of(run.metrics.find("seconds"))), recent_of(run, "loss", smooth),
               loss == nullptr ? "-" : std::to_string(summarize(*loss, smooth).num_not_finite)});
  }
  return table.html();
}

std::string gate_text(double value) {
  char text[32];
  std::snprintf(text, sizeof text, "%.3f", value);
  return text;
}

std::string gate_table(const std::vector<TrainingRun>& runs) {
  std::vector<std::string> heads = {"Layer"};
  const std::pair<const char*, const char*> kinds[] = {{"gate_xattn.", "Attention"},
                                                       {"gate_dense.", "Dense"}};
  for (const auto& run : runs) {
    for (const auto& [family, title] : kinds)
      heads.push_back(runs.size() > 1 ? run.name + ": " + title : title);
  }
  Table table(heads, 0);
  for (const auto& layer : parts_of(runs, "gate_xattn")) {
    std::vector<std::string> cells = {layer};
    for (const auto& run : runs) {
      for (const auto& [family, title] : kinds) {
        const auto* column = run.metrics.find(family + layer);
        cells.push_back(column == nullptr ? "-" : gate_text(column->values.back()));
      }
    }
    table.row(cells);
  }
  return "<p>At the last step:</p>\n" + table.html();
}

std::string gate_section(const std::vector<TrainingRun>& runs) {
  const auto figure = gate_figure(runs);
  if (!figure) return {};
  return heading("Gates") +
         "<p>Size of the tanh gates by layer: 0 leaves the language model as it was, 1 lets all of "
         "a "
         "gated layer through (Alayrac et al. 2022, figure 6).</p>\n" +
         figure_svg(*figure, Background::kNone) + gate_table(runs);
}

std::string other_section(const std::vector<TrainingRun>& runs, int64_t smooth) {
  const auto figures = other_figures(runs, smooth);
  if (figures.empty()) return {};
  std::string html = heading("Other metrics") + "<div class=\"pair\">\n";
  for (const auto& figure : figures) html += figure_svg(figure, Background::kNone);
  return html + "</div>\n";
}

/// The names of all runs' metrics, in the order of the first run that has them.
std::vector<std::string> metric_names(const std::vector<TrainingRun>& runs) {
  std::vector<std::string> names;
  std::map<std::string, bool> seen;
  for (const auto& run : runs) {
    for (const auto& column : run.metrics.columns) {
      if (!std::exchange(seen[column.name], true)) names.push_back(column.name);
    }
  }
  return names;
}

std::string value_section(const std::vector<TrainingRun>& runs, int64_t smooth) {
  Table table({"Metric", "Run", "Last", "Recent mean", "Lowest", "at step", "Highest", "at step",
               "Not finite"},
              2);
  for (const auto& name : metric_names(runs)) {
    for (const auto& run : runs) {
      const MetricColumn* column = run.metrics.find(name);
      if (column == nullptr) continue;
      const MetricSummary summary = summarize(*column, smooth);
      const auto step = [](int64_t at) { return at < 0 ? "-" : std::to_string(at); };
      table.row({name, run.name, format_number(summary.last), format_number(summary.recent),
                 format_number(summary.lowest), step(summary.lowest_step),
                 format_number(summary.highest), step(summary.highest_step),
                 std::to_string(summary.num_not_finite)});
    }
  }
  return heading("Values") + "<details><summary>Every metric, lowest and highest</summary>\n" +
         table.html() + "</details>\n";
}

/// Every setting of the recipes in a row, a run in a column.
std::string recipe_section(const std::vector<TrainingRun>& runs) {
  std::map<std::string, std::vector<std::string>> settings;
  std::vector<std::string> heads = {"Setting"};
  for (size_t i = 0; i < runs.size(); ++i) {
    heads.push_back(runs[i].name);
    if (runs[i].recipe.is_null()) continue;
    const Json flat = runs[i].recipe.flatten();
    for (const auto& [path, value] : flat.items()) {
      auto& row = settings[path.empty() ? path : path.substr(1)];
      row.resize(runs.size(), "-");
      row[i] = value.is_string() ? value.get<std::string>() : value.dump();
    }
  }
  if (settings.empty()) return {};
  Table table(heads, heads.size());
  for (auto& [path, values] : settings) {
    values.insert(values.begin(), path);
    table.row(values);
  }
  return heading("Recipe") + table.html();
}

std::string title_of(const std::vector<TrainingRun>& runs) {
  std::string names;
  for (const auto& run : runs) names += (names.empty() ? "" : ", ") + run.name;
  return "Training: " + names;
}

}  // namespace

std::string report_html(const std::vector<TrainingRun>& runs, int64_t smooth) {
  const std::string title = escape_markup(title_of(runs));
  return "<!DOCTYPE html>\n<html lang=\"en\">\n<head>\n<meta charset=\"utf-8\">\n"
         "<meta name=\"viewport\" content=\"width=device-width, initial-scale=1\">\n<title>" +
         title + "</title>\n<style>\n" + kStyle + "</style>\n</head>\n<body>\n<h1>" + title +
         "</h1>\n" + overview(runs, smooth) + heading("Loss") +
         figure_svg(loss_figure(runs, smooth), Background::kNone) + gate_section(runs) +
         other_section(runs, smooth) + value_section(runs, smooth) + recipe_section(runs) +
         "</body>\n</html>\n";
}

}  // namespace flamingo::report
