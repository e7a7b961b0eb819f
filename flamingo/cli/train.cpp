#include <memory>

#include "flamingo/cli/train_hooks.h"
#include "flamingo/cli/verbs.h"
#include "flamingo/train/train_flamingo.h"

namespace flamingo::cli {
namespace {

struct Options {
  std::string recipe, output, encoder;
};

void run(const Options& options) {
  TrainFlamingoRecipe recipe;
  config_from_json(read_json_file(options.recipe), recipe, options.recipe);
  if (!options.output.empty()) recipe.train.output = options.output;
  if (!options.encoder.empty()) recipe.encoder = options.encoder;
  report_end(train_flamingo(recipe, train_hooks()), recipe.train);
}

}  // namespace

void add_train(CLI::App& app) {
  auto options = std::make_shared<Options>();
  auto* verb = app.add_subcommand(
      "train", "train resampler and gated layers between frozen encoder and LM (stage 2)");
  verb->add_option("--recipe", options->recipe, "run configuration, JSON with // comments")
      ->required();
  verb->add_option("--output", options->output, "folder of the run, instead of the recipe's");
  verb->add_option("--encoder", options->encoder,
                   "folder of the pretrained encoder, instead of the recipe's");
  set_examples(*verb,
               "  flamingo train --recipe recipes/pictogram/flamingo.json\n"
               "  (the same command again goes on where Ctrl-C or a crash stopped it)");
  verb->callback([options] { run(*options); });
}

}  // namespace flamingo::cli
