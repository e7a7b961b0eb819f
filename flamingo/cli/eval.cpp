#include <cstdio>
#include <filesystem>
#include <memory>

#include "flamingo/checkpoint/adapters/native.h"
#include "flamingo/cli/output.h"
#include "flamingo/cli/run_options.h"
#include "flamingo/cli/train_hooks.h"
#include "flamingo/cli/verbs.h"
#include "flamingo/core/file.h"
#include "flamingo/eval/contrastive_embedder.h"
#include "flamingo/eval/flamingo_scorer.h"
#include "flamingo/eval/report.h"
#include "flamingo/train/train_flamingo.h"

namespace flamingo::cli {
namespace {

constexpr const char* kEncoderTask = "encoder";

struct EvalArguments {
  RunOptions run;
  eval::EvalConfig eval;
  std::string pictograms = "build/data/pictograms.safetensors";
  std::string heads;
  std::string output;
};

eval::EvalData eval_data(const EvalArguments& options, const generate::ModelBundle& bundle) {
  const auto& tokenizer = bundle.tokenizer;
  return {.set = data::PictogramSet::open(options.pictograms),
          .tokens = train::sequence_tokens(tokenizer, bundle.model->config().tokens),
          .words = data::one_token_words(tokenizer)};
}

bool wants(const eval::EvalConfig& config, const std::string& task) {
  return config.tasks.empty() ||
         std::find(config.tasks.begin(), config.tasks.end(), task) != config.tasks.end();
}

eval::TaskResult encoder_task(const EvalArguments& options, const generate::ModelBundle& bundle,
                              const eval::EvalData& data, data::ViewRenderer& renderer) {
  const std::string folder =
      options.heads.empty() ? options.run.model + "/contrastive" : options.heads;
  const auto language = train::read_caption_language(
      checkpoint::native_lm_path(options.run.model, options.run.lm), torch::kFloat32);
  eval::ContrastiveEmbedder embedder(folder, bundle.model->vision_encoder, language, renderer);
  return eval::run_encoder_task(data, embedder, options.eval);
}

std::vector<eval::TaskResult> run_tasks(const EvalArguments& options) {
  check_options(options.run);  // mistakes show before anything is loaded
  const auto tasks = eval::select_tasks(options.eval.tasks);
  const auto bundle = open_bundle(options.run);
  const auto data = eval_data(options, bundle);
  data::ViewRenderer renderer(data.set, {}, bundle.model->config().transform.size,
                              options.eval.seed);
  eval::FlamingoScorer scorer(bundle.model, renderer);
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
    results.push_back(eval::run_task(task, data, scorer, options.eval, hooks));
    if (progress) progress->finish();
  }
  if (wants(options.eval, kEncoderTask) && !stop_requested())
    results.push_back(encoder_task(options, bundle, data, renderer));
  return results;
}

void run_eval(const EvalArguments& options) {
  const c10::InferenceMode guard;
  const auto results = run_tasks(options);
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
  verb->add_option("--tasks", options->eval.tasks, "Names of tasks; all when not given")
      ->delimiter(',');
  verb->add_option("--episodes", options->eval.episodes, "Questions per task")
      ->capture_default_str();
  verb->add_option("--eval-seed", options->eval.seed, "Decides the questions")
      ->capture_default_str();
  verb->add_flag("!--no-controls", options->eval.controls,
                 "Leave out removed and exchanged pictures");
  verb->add_option("--pictograms", options->pictograms, "File made by 'flamingo data pictograms'")
      ->capture_default_str();
  verb->add_option("--heads", options->heads,
                   "Contrastive heads; by default the model's folder/contrastive");
  verb->add_option("-o,--output", options->output, "Also write the results as JSON");
  set_examples(*verb,
               "  flamingo eval\n  flamingo eval --tasks naming,binding-1 --episodes 200 --json");
  verb->callback([options] { run_eval(*options); });
}

}  // namespace flamingo::cli
