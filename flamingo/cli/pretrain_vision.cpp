#include "flamingo/train/pretrain_vision.h"

#include <memory>

#include "flamingo/cli/recipe_options.h"
#include "flamingo/cli/train_hooks.h"
#include "flamingo/cli/verbs.h"

namespace flamingo::cli {
namespace {

struct PretrainVisionArguments {
  RecipeOptions recipe;
  std::string output, init;
};

void run_pretrain_vision(const PretrainVisionArguments& options) {
  train::PretrainVisionRecipe recipe;
  config_from_json(recipe_json(options.recipe), recipe, options.recipe.path);
  if (!options.output.empty()) recipe.train.output = options.output;
  if (!options.init.empty()) recipe.init = options.init;
  run_in_job(recipe.train, [&](train::TrainHooks& hooks, const parallel::ProcessGroup& world) {
    return train::pretrain_vision(recipe, hooks, world);
  });
}

}  // namespace

void add_pretrain_vision(CLI::App& app) {
  auto options = std::make_shared<PretrainVisionArguments>();
  auto* verb = app.add_subcommand(
      "pretrain-vision", "Train the vision encoder on captioned pictures, contrastively (stage 1)");
  add_recipe_options(*verb, options->recipe, "Run configuration");
  verb->add_option("--output", options->output, "Folder of the run, instead of the recipe's");
  verb->add_option("--init", options->init,
                   "Pretrained encoder to go on from, instead of the recipe's");
  set_examples(
      *verb,
      "  flamingo pretrain-vision --recipe recipes/pictogram/vision.json\n"
      "  (the same command again resumes where Ctrl-C or a crash stopped it)\n"
      "  torchrun --nproc-per-node 4 --no-python flamingo pretrain-vision --recipe vision.json");
  verb->callback([options] {
    if (!explained<train::PretrainVisionRecipe>(options->recipe)) run_pretrain_vision(*options);
  });
}

}  // namespace flamingo::cli
