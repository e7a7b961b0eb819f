#include <filesystem>
#include <map>
#include <memory>

#include "flamingo/cli/data.h"
#include "flamingo/cli/output.h"
#include "flamingo/cli/verbs.h"
#include "flamingo/core/describe.h"
#include "flamingo/core/error.h"
#include "flamingo/core/file.h"
#include "flamingo/train/pretrain_vision.h"
#include "flamingo/train/train_recipe.h"
#ifdef FLAMINGO_MEDIA
#include "flamingo/corpus/recipe.h"
#endif

namespace flamingo::cli {
namespace {

struct InitArguments {
  std::string kind, output;
  bool force = false;
};

std::string train_recipe() {
  train::TrainFlamingoRecipe recipe;
  recipe.lm = "lm.gguf";
  recipe.encoder = "runs/vision/encoder";
  recipe.train.output = "runs/flamingo";
  train::SourceConfig pairs{.name = "pairs"};
  pairs.documents.emplace().files = {"data/pairs"};
  recipe.sources = {pairs};
  recipe.train.schedule.warmup = recipe.train.steps / 10;
  return annotated_json(describe(recipe),
                        "Stage 2 (flamingo train, flamingo finetune): resampler and gated layers "
                        "between a frozen encoder and language model.");
}

std::string vision_recipe() {
  train::PretrainVisionRecipe recipe;
  recipe.encoder = vision::nfnet_preset("nfnet-pictogram");
  train::CaptionSourceConfig labels{.name = "labels"};
  labels.labels.emplace().pictures = "data/pictures";
  recipe.sources = {labels};
  recipe.lm = "lm.gguf";
  recipe.train.output = "runs/vision";
  recipe.train.schedule.warmup = recipe.train.steps / 10;
  return annotated_json(describe(recipe),
                        "Stage 1 (flamingo pretrain-vision): the vision encoder, contrastively.");
}

std::string build_recipe() {
#ifdef FLAMINGO_MEDIA
  corpus::CorpusRecipe recipe;
  recipe.output = "data/m3w";
  recipe.inputs = {{.path = "pages"}};
  return annotated_json(describe(recipe),
                        "Interleaved documents from web pages (flamingo data build).");
#else
  need_media();
#endif
}

/// What writes a recipe, by the verb that reads it.
const std::map<std::string, std::string (*)()> kKinds = {
    {"train", train_recipe}, {"pretrain-vision", vision_recipe}, {"data-build", build_recipe}};

void run_init(const InitArguments& options) {
  const std::string text = kKinds.at(options.kind)();
  if (options.output.empty() || options.output == "-") return print(text);
  const bool exists = std::filesystem::exists(std::filesystem::symlink_status(options.output));
  require(!exists || options.force, options.output, "expected a new file, got one that is there",
          Hint{"--force replaces it"});
  write_file_atomic(options.output, text);
}

}  // namespace

void add_recipe(CLI::App& app) {
  auto* verb = app.add_subcommand("recipe", "Write recipes to begin with");
  verb->require_subcommand(1);
  auto* init = verb->add_subcommand(
      "init", "Write a recipe with every field, its default and a comment that explains it");
  auto options = std::make_shared<InitArguments>();
  init->add_option("kind", options->kind, "train, pretrain-vision or data-build")
      ->required()
      ->check(CLI::IsMember(&kKinds));
  init->add_option("-o,--output", options->output,
                   "File to write, not over another; else, or by -, it is printed");
  init->add_flag("--force", options->force, "Write over the file that is there");
  set_examples(*init,
               "  flamingo recipe init train -o my.json\n"
               "  flamingo recipe init data-build");
  init->callback([options] { run_init(*options); });
}

}  // namespace flamingo::cli
