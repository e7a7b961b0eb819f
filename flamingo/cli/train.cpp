#include <memory>

#include "flamingo/cli/recipe_options.h"
#include "flamingo/cli/train_hooks.h"
#include "flamingo/cli/verbs.h"
#include "flamingo/core/error.h"
#include "flamingo/train/peak_flops.h"
#include "flamingo/train/start_model.h"
#include "flamingo/train/train_flamingo.h"

namespace flamingo::cli {
namespace {

struct TrainArguments {
  RecipeOptions recipe;
  std::string output, encoder, model;
};

train::TrainFlamingoRecipe read_recipe(const TrainArguments& options) {
  train::TrainFlamingoRecipe recipe =
      train::train_recipe_of(recipe_json(options.recipe), options.recipe.path);
  if (!options.output.empty()) recipe.train.output = options.output;
  if (!options.encoder.empty()) recipe.encoder = options.encoder;
  if (!options.model.empty()) recipe.model = options.model;
  return recipe;
}

void run_train(const train::TrainFlamingoRecipe& recipe) {
  run_in_job(recipe.train, [&](train::TrainHooks& hooks, const parallel::ProcessGroup& world) {
    hooks.peak_flops = world.sum({train::measure_peak_flops(train::compute_type(recipe))}).front();
    return train::train_flamingo(recipe, hooks, world);
  });
}

void add_common(CLI::App& verb, TrainArguments& options) {
  add_recipe_options(verb, options.recipe, "Run configuration");
  verb.add_option("--output", options.output, "Folder of the run, instead of the recipe's");
}

}  // namespace

void add_train(CLI::App& app) {
  auto options = std::make_shared<TrainArguments>();
  auto* verb = app.add_subcommand(
      "train", "Train resampler and gated layers between frozen encoder and LM (stage 2)");
  add_common(*verb, *options);
  verb->add_option("--encoder", options->encoder,
                   "Folder of the pretrained encoder, instead of the recipe's");
  set_examples(*verb,
               "  flamingo train --recipe recipes/mixture/flamingo.json\n"
               "  (the same command again resumes where Ctrl-C or a crash stopped it)\n"
               "  flamingo train --recipe recipe.json --set train.optimizer.lr=1e-4\n"
               "  flamingo train --explain train.optimizer\n"
               "  torchrun --nproc-per-node 8 --no-python flamingo train --recipe recipe.json");
  verb->callback([options] {
    if (explained<train::TrainFlamingoRecipe>(options->recipe)) return;
    run_train(read_recipe(*options));
  });
}

void add_finetune(CLI::App& app) {
  auto options = std::make_shared<TrainArguments>();
  auto* verb = app.add_subcommand(
      "finetune", "Go on training a model on the data of one task (paper, appendix B.2.2)");
  add_common(*verb, *options);
  verb->add_option("--model", options->model,
                   "Folder of the model to go on from (ours or IDEFICS), instead of the recipe's");
  set_examples(*verb,
               "  flamingo finetune --model models/pictogram --recipe recipes/finetune/pairs.json\n"
               "  flamingo eval --model runs/finetune/pairs/model");
  verb->callback([options] {
    if (explained<train::TrainFlamingoRecipe>(options->recipe)) return;
    const train::TrainFlamingoRecipe recipe = read_recipe(*options);
    require(!recipe.model.empty(), options->recipe.path, "expected a model to go on from, got none",
            Hint{"give --model"});
    run_train(recipe);
  });
}

}  // namespace flamingo::cli
