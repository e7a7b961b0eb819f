#include "flamingo/train/pretrain_vision.h"

#include <memory>

#include "flamingo/cli/train_hooks.h"
#include "flamingo/cli/verbs.h"
#include "flamingo/core/error.h"
#include "flamingo/core/ranks.h"

namespace flamingo::cli {
namespace {

struct PretrainVisionArguments {
  std::string recipe, output;
};

void run_pretrain_vision(const PretrainVisionArguments& options) {
  train::PretrainVisionRecipe recipe;
  config_from_json(read_json_file(options.recipe), recipe, options.recipe);
  if (!options.output.empty()) recipe.train.output = options.output;
  require(ranks_from_environment().world_size == 1, "pretrain-vision",
          "expected one process, got a job of several",
          Hint{"only flamingo train shares its work"});
  report_end(train::pretrain_vision(recipe, train_hooks()), recipe.train);
}

}  // namespace

void add_pretrain_vision(CLI::App& app) {
  auto options = std::make_shared<PretrainVisionArguments>();
  auto* verb = app.add_subcommand("pretrain-vision",
                                  "Train the vision encoder on captioned drawings (stage 1)");
  verb->add_option("--recipe", options->recipe, "Run configuration, JSON with // comments")
      ->required();
  verb->add_option("--output", options->output, "Folder of the run, instead of the recipe's");
  set_examples(*verb,
               "  flamingo pretrain-vision --recipe recipes/pictogram/vision.json\n"
               "  (the same command again goes on where Ctrl-C or a crash stopped it)");
  verb->callback([options] { run_pretrain_vision(*options); });
}

}  // namespace flamingo::cli
