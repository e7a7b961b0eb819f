#include "flamingo/train/pretrain_vision.h"

#include <memory>

#include "flamingo/cli/recipe_options.h"
#include "flamingo/cli/train_hooks.h"
#include "flamingo/cli/verbs.h"
#include "flamingo/core/error.h"
#include "flamingo/core/ranks.h"

namespace flamingo::cli {
namespace {

struct PretrainVisionArguments {
  RecipeOptions recipe;
  std::string output;
};

void run_pretrain_vision(const PretrainVisionArguments& options) {
  train::PretrainVisionRecipe recipe;
  config_from_json(recipe_json(options.recipe), recipe, options.recipe.path);
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
  add_recipe_options(*verb, options->recipe, "Run configuration");
  verb->add_option("--output", options->output, "Folder of the run, instead of the recipe's");
  set_examples(*verb,
               "  flamingo pretrain-vision --recipe recipes/pictogram/vision.json\n"
               "  (the same command again goes on where Ctrl-C or a crash stopped it)");
  verb->callback([options] {
    if (!explained<train::PretrainVisionRecipe>(options->recipe)) run_pretrain_vision(*options);
  });
}

}  // namespace flamingo::cli
