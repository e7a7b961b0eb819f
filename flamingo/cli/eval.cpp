#include <algorithm>
#include <cstdio>
#include <filesystem>
#include <memory>
#include <optional>
#include <utility>

#include "flamingo/checkpoint/adapters/native.h"
#include "flamingo/checkpoint/encoder_files.h"
#include "flamingo/cli/output.h"
#include "flamingo/cli/recipe_options.h"
#include "flamingo/cli/run_options.h"
#include "flamingo/cli/train_hooks.h"
#include "flamingo/cli/verbs.h"
#include "flamingo/core/error.h"
#include "flamingo/core/file.h"
#include "flamingo/eval/contrastive_embedder.h"
#include "flamingo/eval/flamingo_scorer.h"
#include "flamingo/eval/nearest_shots.h"
#include "flamingo/eval/report.h"
#include "flamingo/pictures/open_pictures.h"
#include "flamingo/train/train_flamingo.h"

namespace flamingo::cli {
namespace {

struct EvalArguments {
  RunOptions run;
  RecipeOptions recipe;
  std::vector<std::string> tasks;
  std::string pictures;
  std::optional<int64_t> episodes;
  std::optional<uint64_t> seed;
  bool controls = true;
  std::string encoder;
  std::string heads;
  std::string output;
};

/// The recipe with what the command line says.
eval::EvalConfig eval_config(const EvalArguments& options) {
  eval::EvalConfig config{.pictures = "build/data/pictograms.safetensors"};
  config_from_json(recipe_json(options.recipe, NoRecipe::kDefaults), config, options.recipe.path);
  if (!options.pictures.empty()) config.pictures = options.pictures;
  if (options.episodes) config.episodes = *options.episodes;
  if (options.seed) config.seed = *options.seed;
  config.controls = config.controls && options.controls;
  config.validate();
  return config;
}

eval::EvalData eval_data(pictures::LabelledPictures set, const generate::ModelBundle& bundle) {
  const auto& tokenizer = bundle.tokenizer;
  return {.set = std::move(set),
          .tokens = train::sequence_tokens(tokenizer, bundle.model->config().tokens),
          .words = data::one_token_words(tokenizer),
          .stop_ids = bundle.stop_ids,
          .decode = [tokenizer](std::span<const int32_t> ids) { return tokenizer.decode(ids); }};
}

/// What episodes are made of where nobody reads their text.
eval::EvalData data_without_text(pictures::LabelledPictures set, const eval::EvalConfig& config) {
  int64_t words = 0;
  for (const eval::FewShotTask& task : config.tasks) words = std::max(words, task.ways);
  return {.set = std::move(set),
          .tokens = {.encode = [](const std::string&) { return std::vector<int32_t>{0}; }},
          .words = std::vector<int32_t>(static_cast<size_t>(words))};
}

std::string heads_folder(const EvalArguments& options) {
  return options.heads.empty() ? options.run.model + "/contrastive" : options.heads;
}

/// Whether the encoder's task was asked for, or can be done where all are.
bool wants_encoder(const EvalArguments& options) {
  return options.tasks.empty() ? std::filesystem::exists(heads_folder(options))
                               : std::ranges::count(options.tasks, eval::kEncoderTask) > 0;
}

eval::TaskResult run_heads(const EvalArguments& options, const eval::EvalConfig& config,
                           const vision::VisionEncoderPtr& encoder, const eval::EvalData& data,
                           data::ViewRenderer& renderer) {
  const auto task = eval::encoder_task(config.tasks);
  require(task.has_value(), "eval.tasks",
          "expected a task that names pictures without shots, got none");
  const auto language = train::read_caption_language(
      checkpoint::native_lm_path(options.run.model, options.run.lm), torch::kFloat32);
  eval::ContrastiveEmbedder embedder(heads_folder(options), encoder, language, renderer);
  return eval::run_encoder_task(*task, data, embedder, config);
}

/// An encoder without a model: tasks with shots by cosine of its features, naming by its heads.
std::vector<eval::TaskResult> run_encoder_alone(const EvalArguments& options) {
  apply_options(options.run);
  const eval::EvalConfig config = eval_config(options);
  auto tasks = eval::select_tasks(config.tasks, options.tasks);
  std::erase_if(tasks, [](const eval::FewShotTask& task) { return !task.has_nearest(); });
  require(!tasks.empty() || !options.heads.empty(), "eval.tasks",
          "expected tasks with shots, or --heads that know names, got neither");
  const auto data = data_without_text(pictures::open_pictures(config.pictures), config);
  const checkpoint::EncoderFiles files = checkpoint::read_encoder(options.encoder);
  const vision::VisionEncoderPtr encoder = files.config.make(torch::TensorOptions());
  checkpoint::load_into(*encoder, files.weights, {}, options.encoder);
  encoder->eval();
  encoder->fold(torch::kFloat32);
  data::ViewRenderer renderer(data.set, {}, files.transform, config.seed);
  eval::FeatureMeans features(encoder, renderer);
  std::vector<eval::TaskResult> results;
  for (const eval::FewShotTask& task : tasks) {
    results.push_back({.name = task.name,
                       .chance = task.chance(),
                       .accuracy = eval::nearest_shots(task, data, features, config)});
  }
  if (!options.heads.empty())
    results.push_back(run_heads(options, config, encoder, data, renderer));
  return results;
}

std::vector<eval::TaskResult> run_tasks(const EvalArguments& options) {
  check_options(options.run);  // mistakes show before anything is loaded
  const eval::EvalConfig config = eval_config(options);
  const auto tasks = eval::select_tasks(config.tasks, options.tasks);
  auto set = pictures::open_pictures(config.pictures);
  for (const eval::FewShotTask& task : tasks) eval::FewShotSampler::check(set, task);
  const auto bundle = open_bundle(options.run);
  const auto data = eval_data(std::move(set), bundle);
  data::ViewRenderer renderer(data.set, {}, bundle.model->config().transform, config.seed);
  eval::FlamingoScorer scorer(bundle.model, renderer);
  eval::FeatureMeans features(bundle.model->vision_encoder, renderer);
  std::vector<eval::TaskResult> results;
  const OrderlyStop stop;  // what was measured so far is shown
  for (const auto& task : tasks) {
    if (stop_requested()) return results;
    std::unique_ptr<Progress> progress;
    eval::EvalHooks hooks{.progress =
                              [&](const std::string& name, int64_t done, int64_t total) {
                                if (!progress)
                                  progress = std::make_unique<Progress>(name, 0, total,
                                                                        train_hooks().progress);
                                progress->update(done, "");
                              },
                          .stop = &stop_requested()};
    results.push_back(eval::run_task(task, data, scorer, config, hooks));
    if (progress) progress->finish();
    if (config.controls && task.has_nearest() && !stop_requested())
      results.back().encoder = eval::nearest_shots(task, data, features, config);
  }
  if (wants_encoder(options) && !stop_requested())
    results.push_back(run_heads(options, config, bundle.model->vision_encoder, data, renderer));
  return results;
}

void run_eval(const EvalArguments& options) {
  const c10::InferenceMode guard;
  const auto results = options.encoder.empty() ? run_tasks(options) : run_encoder_alone(options);
  const std::string json = eval::report_json(results).dump(2) + "\n";
  print(options.run.json ? json : eval::report_table(results));
  if (stop_requested()) {
    std::fputs("stopped; these are the episodes so far, which are not written\n", stderr);
  } else if (!options.output.empty()) {
    write_file_atomic(options.output, json);
  }
}

}  // namespace

void add_eval(CLI::App& app) {
  auto* verb = app.add_subcommand(
      "eval", "Measure few-shot learning on pictures kept out of training, with controls");
  auto options = std::make_shared<EvalArguments>();
  add_model_options(*verb, options->run);
  add_recipe_options(*verb, options->recipe,
                     "Pictures and tasks; without it the default model's, of pictograms",
                     "--recipe", "tasks[0].shots=2");
  verb->add_option("--tasks", options->tasks, "Names of tasks; all when not given")->delimiter(',');
  verb->add_option("--pictures", options->pictures, "Labelled pictures, instead of the recipe's");
  verb->add_option("--episodes", options->episodes, "Questions per task, instead of the recipe's");
  verb->add_option("--eval-seed", options->seed, "Decides the questions, instead of the recipe's");
  verb->add_flag("!--no-controls", options->controls, "Leave out removed and exchanged pictures");
  verb->add_option("--encoder", options->encoder,
                   "An encoder by itself instead of a model: shots by cosine, naming by --heads");
  verb->add_option("--heads", options->heads,
                   "Contrastive heads; by default the model's folder/contrastive");
  verb->add_option("-o,--output", options->output, "Also write the results as JSON");
  set_examples(*verb,
               "  flamingo eval\n"
               "  flamingo eval --tasks naming,binding-1 --episodes 200 --json\n"
               "  flamingo eval --pictures my-photos --recipe my-tasks.json\n"
               "  flamingo eval --encoder .deps/encoders --recipe recipes/mini/tasks.json");
  verb->callback([options] {
    if (!explained<eval::EvalConfig>(options->recipe)) run_eval(*options);
  });
}

}  // namespace flamingo::cli
