#include <torch/types.h>

#include <filesystem>
#include <string>

#include "bench/default_model.h"
#include "bench/scenario.h"
#include "flamingo/data/document_source.h"
#include "flamingo/io/gguf.h"
#include "flamingo/model/freeze.h"
#include "flamingo/text/tokenizer.h"
#include "flamingo/train/flamingo_task.h"
#include "flamingo/train/optimizer.h"
#include "flamingo/train/train_sources.h"

namespace flamingo::bench {
namespace {

constexpr double kLoaderGoal = 10;  // times what a step consumes
constexpr int64_t kBatch = 8;

/// Documents of one kind, windows as recipes/mixture/flamingo.json takes them.
struct Kind {
  const char* name;
  const char* folder;
  document::WindowConfig window;
};

const Kind kKinds[] = {
    {"pages", "m3w/train", {}},
    {"pairs", "pairs", {.max_tokens = 32, .max_media = 1, .p_next = 0, .leading_space = 0.5}},
    {"clips", "clips", {.max_tokens = 32, .max_media = 1, .p_next = 0, .leading_space = 0.5}},
};

/// Steps of the default model on one batch, pictures encoded in the step.
class Step {
 public:
  Step(model::Flamingo model, const data::SequenceBatch& batch)
      : model_(std::move(model)),
        optimizer_({}, *model_),
        batch_(train::collate(batch.sequences)) {}

  void operator()() {
    train::flamingo_losses(model_, batch_, [this](const train::MediaGroup& group) {
      const torch::NoGradGuard frozen;
      return model_->vision_encoder->forward(group.pixels.to(torch::kBFloat16));
    }).loss.backward();
    optimizer_.clip_gradients();
    optimizer_.step(1.0);
    optimizer_.zero_grad();
  }

 private:
  model::Flamingo model_;
  train::AdamW optimizer_;
  train::FlamingoBatch batch_;
};

/// How the default model wants its text and pictures.
data::SequenceFormat format_of(const Options& options, const model::FlamingoConfig& model) {
  text::Tokenizer tokenizer = text::Tokenizer::from_gguf(io::Gguf::open(options.lm_path));
  for (const std::string& token : model.tokens.additional)
    tokenizer = tokenizer.with_special_token(token);
  return train::sequence_format(tokenizer, model);
}

}  // namespace

void run_loader(Context& context) {
  model::Flamingo model = default_model(torch::kFloat32);
  model::freeze(model, {});
  const data::SequenceFormat format = format_of(context.options, model->config());
  for (const Kind& kind : kKinds) {
    const auto folder = std::filesystem::path(context.options.data) / kind.folder;
    if (!std::filesystem::exists(folder)) {
      context.report.note("loader     " + folder.string() + " is not there: make data");
      continue;
    }
    const data::DocumentSource source(
        {.files = {folder.string()}, .window = kind.window, .batch = kBatch}, format);
    Step step(model, source.batch(0));
    const Roof consumed{"step", "sequence", kBatch, [&] { step(); }};
    int64_t index = 0;
    context.measure({"loader", kind.name, "sequence", kBatch, kBatch, kLoaderGoal}, consumed,
                    [&] { source.batch(index++); });
  }
}

}  // namespace flamingo::bench
