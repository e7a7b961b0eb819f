#include <cstdio>
#include <memory>
#include <string>
#include <vector>

#include "flamingo/cli/data.h"
#include "flamingo/cli/output.h"
#include "flamingo/cli/recipe_options.h"
#include "flamingo/cli/train_hooks.h"
#include "flamingo/cli/verbs.h"
#include "flamingo/core/error.h"
#ifdef FLAMINGO_MEDIA
#include "flamingo/corpus/build_corpus.h"
#endif

namespace flamingo::cli {
namespace {

struct DataBuildArguments {
  RecipeOptions recipe;
  std::string output;
  int64_t threads = 1;
  bool json = false;
};

#ifdef FLAMINGO_MEDIA
/// A line for each pass.
class BuildLine {
 public:
  void show(const corpus::BuildProgress& progress) {
    if (pass_ != progress.pass) {
      finish();
      pass_ = progress.pass;
      line_ =
          std::make_unique<Progress>(pass_ + ": shard", 0, progress.shards, train_hooks().progress);
    }
    line_->update(progress.shards_done, std::to_string(progress.pages_done) + " pages");
  }
  void finish() {
    if (line_) line_->finish();
    line_.reset();
  }

 private:
  std::string pass_;
  std::unique_ptr<Progress> line_;
};

void print_json(const corpus::BuildResult& result, const std::vector<std::string>& warnings) {
  Json json = result.report.to_json();
  json["warnings"] = warnings;
  json["finished"] = result.finished;
  json["waiting_shards"] = result.waiting_shards;
  print(json.dump(1) + "\n");
}

void print_text(const corpus::BuildResult& result, const std::string& output) {
  if (result.finished) {
    print(result.report.table());
    if (result.report.pages_kept() == 0) return;
    std::fprintf(stderr,
                 "done: %s/train, %s/held-out; look: flamingo data show %s/train/000000.tar\n",
                 output.c_str(), output.c_str(), output.c_str());
  } else if (result.waiting_shards > 0) {
    std::fprintf(
        stderr,
        "deduplication waits for %ld shards; the same command again resumes when the other "
        "processes have done them\n",
        static_cast<long>(result.waiting_shards));
  } else {
    std::fprintf(stderr, "stopped; the same command again resumes\n");
  }
}

/// Pages that were seen and whose bytes could be had.
int64_t pages_read(const corpus::BuildReport& report) {
  int64_t pages = report.pages_seen();
  for (const auto& [rule, count] : report.dropped()) {
    if (rule == "damaged_record" || rule.starts_with("answer_")) pages -= count.pages;
  }
  return pages;
}

std::vector<std::string> warnings_of(const corpus::BuildResult& result) {
  if (!result.finished || result.report.pages_kept() > 0) return {};
  if (pages_read(result.report) > 0) return {"no page was kept: the counters of rules say why"};
  return {
      "no page was read: the inputs hold no whole HTML answer with status 200 (docs/data.md, "
      "Building M3W)"};
}

void run_data_build(const DataBuildArguments& options) {
  if (explained<corpus::CorpusRecipe>(options.recipe)) return;
  corpus::CorpusRecipe recipe;
  config_from_json(recipe_json(options.recipe), recipe, options.recipe.path);
  if (!options.output.empty()) recipe.output = options.output;
  BuildLine line;
  const OrderlyStop stop;
  const corpus::BuildHooks hooks{
      .stop = &stop_requested(),
      .progress = [&](const corpus::BuildProgress& progress) { line.show(progress); },
      .threads = options.threads};
  const corpus::BuildResult result = corpus::build_corpus(recipe, ranks_from_environment(), hooks);
  line.finish();
  const std::vector<std::string> warnings = warnings_of(result);
  print_warnings(warnings);
  if (options.json) {
    print_json(result, warnings);
  } else {
    print_text(result, recipe.output);
  }
}
#else
void run_data_build(const DataBuildArguments&) { need_media(); }
#endif

}  // namespace

void add_data_build(CLI::App& data) {
  auto* verb = data.add_subcommand(
      "build", "Build interleaved documents (M3W) from web pages: HTML files or WARC");
  auto options = std::make_shared<DataBuildArguments>();
  add_recipe_options(*verb, options->recipe, "Inputs and every rule with its threshold", "--recipe",
                     "language.min_share=0.8");
  verb->add_option("-o,--output", options->output, "Folder to write, instead of the recipe's");
  verb->add_option("-t,--threads", options->threads, "Shards worked on at a time")
      ->check(CLI::Range(1, 1024))
      ->capture_default_str();
  verb->add_flag("--json", options->json, "Print the counters as JSON");
  set_examples(*verb,
               "  flamingo data build --recipe recipes/m3w/mini.json -t 2\n"
               "  torchrun --no-python --nproc-per-node 8 flamingo data build --recipe my.json\n"
               "  (RANK and WORLD_SIZE, or Slurm's or MPI's, divide the shards among processes;\n"
               "  the same command again resumes where Ctrl-C or a crash stopped it)");
  verb->callback([options] { run_data_build(*options); });
}

}  // namespace flamingo::cli
