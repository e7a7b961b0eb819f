#include <cstdio>
#include <memory>

#include "flamingo/cli/output.h"
#include "flamingo/cli/verbs.h"
#include "flamingo/core/file.h"
#include "flamingo/report/run_figures.h"
#include "flamingo/report/run_report.h"

namespace flamingo::cli {
namespace {

struct ReportArguments {
  std::vector<std::string> runs, recipes;
  std::string output, svg;
  int64_t smooth = 0;
  bool json = false;
};

/// loss.svg and, where a run has gates, gates.svg.
void write_figures(const std::vector<report::TrainingRun>& runs, const ReportArguments& options) {
  make_folder(options.svg);
  write_file_atomic(
      options.svg + "/loss.svg",
      report::figure_svg(report::loss_figure(runs, options.smooth), report::Background::kWhite));
  if (const auto gates = report::gate_figure(runs))
    write_file_atomic(options.svg + "/gates.svg",
                      report::figure_svg(*gates, report::Background::kWhite));
}

void run_report(const ReportArguments& options) {
  require(options.json || !options.output.empty() || !options.svg.empty(), "report",
          "expected -o, --svg or --json, got none of them");
  const auto runs = report::read_runs(options.runs, options.recipes);
  if (!options.output.empty())
    write_file_atomic(options.output, report::report_html(runs, options.smooth));
  if (!options.svg.empty()) write_figures(runs, options);
  if (options.json) print(report::summary_json(runs, options.smooth).dump(2) + "\n");
}

}  // namespace

void add_report(CLI::App& app) {
  auto* verb = app.add_subcommand(
      "report", "Draw the curves of training runs, gates by layer among them, as a page or SVG");
  auto options = std::make_shared<ReportArguments>();
  verb->add_option("runs", options->runs, "Folders of runs, or their metrics.jsonl; 8 at most")
      ->required();
  verb->add_option("-o,--output", options->output, "The page (HTML, needs no other file)");
  verb->add_option("--svg", options->svg, "Folder for loss.svg and gates.svg, for a model card");
  verb->add_option("--recipe", options->recipes,
                   "Recipe of each run, in the order of the runs: shown, and the end of the gates' "
                   "time axis");
  verb->add_option("--smooth", options->smooth,
                   "Steps of the running mean; 0: a 60th of the run, 1: none")
      ->check(CLI::NonNegativeNumber)
      ->capture_default_str();
  verb->add_flag("--json", options->json, "Print last, lowest and highest values as JSON");
  set_examples(*verb,
               "  flamingo report runs/pictogram/flamingo -o report.html\n"
               "  flamingo report runs/a runs/b -o compare.html --smooth 50\n"
               "  flamingo report runs/pictogram/flamingo --svg models/pictogram\n"
               "  flamingo report runs/pictogram/flamingo --json");
  verb->callback([options] { run_report(*options); });
}

}  // namespace flamingo::cli
