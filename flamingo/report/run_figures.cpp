#include "flamingo/report/run_figures.h"

#include <algorithm>
#include <set>

#include "flamingo/report/palette.h"

namespace flamingo::report {
namespace {

constexpr int kWideWidth = 960, kPairWidth = 480, kSmallWidth = 480, kSmallHeight = 260;
constexpr size_t kCategories = 8;  // colours of category_colour
constexpr size_t kMaxLegendLayers = 24;

/// How the members of a figure are told apart.
struct Look {
  std::vector<std::string> parts;
  size_t num_runs = 1;
  bool ramp = false;     ///< the parts have an order
  bool percent = false;  ///< x is the share of training done, not the step
  int64_t smooth = 1;

  bool by_run() const { return parts.size() == 1; }
  std::string colour(size_t part, size_t run) const {
    if (by_run()) return category_colour(run);
    return ramp ? ramp_colour(part, parts.size()) : category_colour(part);
  }
  std::string dash(size_t part, size_t run) const {
    if (by_run()) return {};
    return dash_pattern(run + (ramp ? 0 : num_runs * (part / kCategories)));
  }
};

bool is_number(const std::string& text) {
  return !text.empty() && text.find_first_not_of("0123456789") == std::string::npos;
}

/// "" first, then numbers by value, then text.
bool part_before(const std::string& a, const std::string& b) {
  if (a.empty() || b.empty()) return a.empty() && !b.empty();
  if (is_number(a) != is_number(b)) return is_number(a);
  if (is_number(a) && a.size() != b.size()) return a.size() < b.size();
  return a < b;
}

std::string column_name(const std::string& family, const std::string& part) {
  return part.empty() ? family : family + "." + part;
}

std::string family_of(const std::string& name) { return name.substr(0, name.find('.')); }

std::vector<Point> points_of(const MetricColumn& column, const TrainingRun& run, bool percent) {
  const auto total = static_cast<double>(run.total_steps());
  std::vector<Point> points(column.steps.size());
  for (size_t i = 0; i < points.size(); ++i) {
    const double step = column.steps[i];
    points[i] = {percent ? 100 * (step + 1) / total : step, column.values[i]};
  }
  return points;
}

Panel family_panel(const std::vector<TrainingRun>& runs, const std::string& family,
                   const Look& look) {
  Panel panel{.x_label = look.percent ? "training, %" : "step"};
  for (size_t part = 0; part < look.parts.size(); ++part) {
    for (size_t run = 0; run < runs.size(); ++run) {
      const auto* column = runs[run].metrics.find(column_name(family, look.parts[part]));
      if (column == nullptr) continue;
      panel.curves.push_back({points_of(*column, runs[run], look.percent), look.colour(part, run),
                              look.dash(part, run),
                              smoothing_window(column->values.size(), look.smooth)});
    }
  }
  return panel;
}

/// Every `stride`-th part, so that many layers do not fill a page; then the runs.
std::vector<LegendEntry> legend_of(const std::vector<TrainingRun>& runs, const Look& look,
                                   const std::string& label_prefix, const std::string& total) {
  std::vector<LegendEntry> legend;
  const size_t stride =
      look.ramp ? (look.parts.size() + kMaxLegendLayers - 1) / kMaxLegendLayers : 1;
  for (size_t part = 0; part < look.parts.size() && !look.by_run(); part += stride) {
    const auto& name = look.parts[part];
    legend.push_back(
        {name.empty() ? total : label_prefix + name, look.colour(part, 0), look.dash(part, 0)});
  }
  for (size_t run = 0; run < runs.size() && runs.size() > 1; ++run) {
    legend.push_back({runs[run].name, look.by_run() ? look.colour(0, run) : "", look.dash(0, run)});
  }
  return legend;
}

std::vector<std::string> merged_parts(const std::vector<TrainingRun>& runs,
                                      const std::vector<std::string>& families) {
  std::set<std::string> all;
  for (const auto& family : families) {
    for (const auto& part : parts_of(runs, family)) all.insert(part);
  }
  std::vector<std::string> parts(all.begin(), all.end());
  std::sort(parts.begin(), parts.end(), part_before);
  return parts;
}

struct FamilyTitle {
  const char* family;
  const char* title;
  Scale scale;
  bool noisy;  ///< a running mean helps
};
constexpr FamilyTitle kFirstFamilies[] = {
    {"lr", "Learning rate", Scale::kLinear, false},
    {"lr_factor", "Learning rate, as a share of its peak", Scale::kLinear, false},
    {"grad_norm", "Norm of the gradient before clipping", Scale::kAutomatic, true},
    {"items_per_second", "Items per second", Scale::kLinear, true},
    {"steps_per_second", "Steps per second", Scale::kLinear, true},
};
constexpr const char* kShownElsewhere[] = {"loss",       "blind_loss", "gate_xattn",
                                           "gate_dense", "items",      "seconds"};

/// The families that other_figures shows: known ones first, then by name.
std::vector<FamilyTitle> other_families(const std::vector<TrainingRun>& runs,
                                        const std::set<std::string>& found) {
  std::vector<FamilyTitle> families;
  std::set<std::string> done(std::begin(kShownElsewhere), std::end(kShownElsewhere));
  for (const auto& known : kFirstFamilies) {
    if (!parts_of(runs, known.family).empty()) families.push_back(known);
    done.insert(known.family);
  }
  for (const auto& family : found) {
    if (!done.contains(family))
      families.push_back({family.c_str(), family.c_str(), Scale::kLinear, true});
  }
  return families;
}

std::string names_of(const std::vector<TrainingRun>& runs) {
  std::string names;
  for (const auto& run : runs) names += (names.empty() ? "" : ", ") + run.name;
  return names;
}

}  // namespace

std::vector<std::string> parts_of(const std::vector<TrainingRun>& runs, const std::string& family) {
  std::set<std::string> parts;
  for (const auto& run : runs) {
    for (const auto& column : run.metrics.columns) {
      if (family_of(column.name) == family)
        parts.insert(column.name == family ? "" : column.name.substr(family.size() + 1));
    }
  }
  std::vector<std::string> sorted(parts.begin(), parts.end());
  std::sort(sorted.begin(), sorted.end(), part_before);
  return sorted;
}

Figure loss_figure(const std::vector<TrainingRun>& runs, int64_t smooth) {
  const Look look{.parts = merged_parts(runs, {"loss", "blind_loss"}),
                  .num_runs = runs.size(),
                  .smooth = smooth};
  Figure figure{.title = "Loss by training step",
                .description = "Running mean of the loss, with single steps pale behind it, of " +
                               names_of(runs),
                .same_y = true};
  figure.panels.push_back(family_panel(runs, "loss", look));
  figure.panels.back().title = "Loss";
  if (!parts_of(runs, "blind_loss").empty()) {
    figure.panels.push_back(family_panel(runs, "blind_loss", look));
    figure.panels.back().title = "Loss without pictures";
  }
  for (auto& panel : figure.panels) panel.scale = Scale::kAutomatic;
  figure.legend = legend_of(runs, look, "", "all sources");
  figure.panel_width = figure.panels.size() > 1 ? kPairWidth : kWideWidth;
  return figure;
}

std::optional<Figure> gate_figure(const std::vector<TrainingRun>& runs) {
  const Look look{.parts = merged_parts(runs, {"gate_xattn", "gate_dense"}),
                  .num_runs = runs.size(),
                  .ramp = true,
                  .percent = true};
  if (look.parts.empty()) return std::nullopt;
  Figure figure{.title = "Gates by layer over training",
                .description =
                    "Size of the tanh gates of attention and dense layers, from 0 "
                    "(closed) to 1 (open), a curve a layer, of " +
                    names_of(runs),
                .legend = legend_of(runs, look, "layer ", "all layers"),
                .panel_width = kPairWidth};
  const std::pair<const char*, const char*> kinds[] = {{"gate_xattn", "Attention gates"},
                                                       {"gate_dense", "Dense gates"}};
  for (const auto& [family, title] : kinds) {
    figure.panels.push_back(family_panel(runs, family, look));
    auto& panel = figure.panels.back();
    panel.title = std::string(title) + ", |tanh(\xCE\xB1)|";
    panel.x_range = {0, 100};
    panel.y_range = {0, 1};
  }
  return figure;
}

std::vector<Figure> other_figures(const std::vector<TrainingRun>& runs, int64_t smooth) {
  std::set<std::string> found;
  for (const auto& run : runs) {
    for (const auto& column : run.metrics.columns) found.insert(family_of(column.name));
  }
  std::vector<Figure> figures;
  for (const auto& [family, title, scale, noisy] : other_families(runs, found)) {
    const Look look{
        .parts = parts_of(runs, family), .num_runs = runs.size(), .smooth = noisy ? smooth : 1};
    Figure figure{.title = title,
                  .description = std::string(title) + " by training step, of " + names_of(runs),
                  .legend = legend_of(runs, look, "", "all"),
                  .panel_width = kSmallWidth,
                  .panel_height = kSmallHeight};
    figure.panels.push_back(family_panel(runs, family, look));
    figure.panels.back().title = title;
    figure.panels.back().scale = scale;
    figures.push_back(std::move(figure));
  }
  return figures;
}

}  // namespace flamingo::report
