#include "flamingo/train/train_flamingo.h"

#include <memory>
#include <utility>

#include "flamingo/checkpoint/adapters/native.h"
#include "flamingo/core/error.h"
#include "flamingo/core/file.h"
#include "flamingo/surgery/shard_layers.h"
#include "flamingo/train/flamingo_task.h"
#include "flamingo/train/frozen_weights.h"
#include "flamingo/train/media_features.h"
#include "flamingo/train/start_model.h"

namespace flamingo::train {
namespace {

/// The data of a run.
struct TrainData {
  std::vector<TrainSource> sources;
  ValidationData validation;
  std::shared_ptr<const MediaFeatures> features;
};

void tell_warnings(const std::vector<std::string>& warnings, const ProgressOptions& progress) {
  if (!progress.write) return;
  for (const std::string& warning : warnings) progress.write("warning: " + warning + "\n");
}

/// A source whose pictures' views are ready, kept under `name`. Nothing when it was stopped.
std::optional<TrainSource> ready_source(const SourceConfig& config, const std::string& name,
                                        const StartedModel& start, MediaFeatures& features,
                                        const ProgressOptions& progress) {
  auto source = make_source(config, start.tokenizer, start.model->config());
  tell_warnings(source->warnings(), progress);
  if (!features.add(name, source)) return {};
  return TrainSource{std::move(source), config.weight};
}

/// Nothing when it was stopped.
std::optional<TrainData> make_data(const TrainFlamingoRecipe& recipe, const StartedModel& start,
                                   const TrainHooks& hooks) {
  const auto features = std::make_shared<MediaFeatures>(recipe, start, hooks);
  TrainData data{.validation = {.batches = recipe.validation.batches}, .features = features};
  for (const SourceConfig& config : recipe.sources) {
    auto source = ready_source(config, config.name, start, *features, hooks.progress);
    if (!source) return {};
    data.sources.push_back(std::move(*source));
  }
  for (const SourceConfig& config : recipe.validation.sources) {
    auto source = ready_source(unvaried(config), "validation." + config.name, start, *features,
                               hooks.progress);
    if (!source) return {};
    data.validation.sources.push_back(std::move(*source));
  }
  return data;
}

/// Files may be moved; their content counts. `features` tells the cached views.
Json identity_of(TrainFlamingoRecipe recipe, const Json& features) {
  recipe.train = {};
  recipe.parallel = {};
  recipe.model.clear();
  recipe.lm.clear();
  recipe.encoder.clear();
  recipe.features.clear();
  for (auto* sources : {&recipe.sources, &recipe.validation.sources}) {
    for (SourceConfig& source : *sources) {
      if (source.documents) source.documents->files.clear();
      if (source.episodes) source.episodes->pictures.clear();
    }
  }
  Json identity = {{"recipe", config_to_json(recipe)}, {"features", features}};
  for (Json* sources :
       {&identity["recipe"]["sources"], &identity["recipe"]["validation"]["sources"]}) {
    for (Json& source : *sources) {
      if (!source["documents"].is_null()) source["documents"].erase("cached_views");
    }
  }
  return identity;
}

/// Features of an encoder that learns are other ones in every step.
void require_frozen_encoder_of_cached_views(const TrainFlamingoRecipe& recipe) {
  for (const auto* sources : {&recipe.sources, &recipe.validation.sources}) {
    for (const SourceConfig& source : *sources) {
      const int64_t views = source.documents ? source.documents->cached_views : 0;
      if (views != 0 && recipe.trainable.vision)
        fail("sources." + source.name + ".documents",
             "expected cached_views 0 with a trained encoder, got {}", views,
             Hint{"freeze it (trainable.vision), or encode pictures in every step"});
    }
  }
}

}  // namespace

TrainFlamingoRecipe train_recipe_of(const Json& json, const std::string& where) {
  require(!json.is_object() || !json.contains("encoder") || !json["encoder"].is_object(), where,
          "expected a recipe of flamingo train (stage 2), got one of flamingo pretrain-vision");
  TrainFlamingoRecipe recipe;
  config_from_json(json, recipe, where);
  return recipe;
}

void TrainFlamingoRecipe::validate() {
  train.validate();
  require(!model.empty() || (!lm.empty() && !encoder.empty()), "recipe",
          "expected \"lm\" and \"encoder\", or \"model\", got none of them");
  require(!sources.empty(), "sources", "expected at least one source of data, got none");
  for (SourceConfig& source : sources) source.validate();
  mixture.validate();
  validation.validate();
  require_frozen_encoder_of_cached_views(*this);
  require(!lora || !trainable.lm, "lora", "expected a frozen language model, got a trained one");
  require(train.validate_every == 0 || !validation.sources.empty(), "validation",
          "expected sources where train.validate_every is above 0, got none");
}

TrainResult train_flamingo(TrainFlamingoRecipe recipe, TrainHooks hooks,
                           const parallel::ProcessGroup& world) {
  recipe.validate();
  const std::string written = config_text(config_to_json(recipe));
  parallel::Parallel parallel(recipe.parallel, world);
  hooks.parallel = &parallel;
  StartedModel start = start_model(recipe);
  tell_warnings(start.warnings, hooks.progress);
  make_folder(recipe.train.output);
  world.run_on_rank0([&] { write_file_atomic(recipe.train.output + "/recipe.json", written); });
  auto data = make_data(recipe, start, hooks);
  if (!data) return {};
  pack_language_model(recipe, start);
  std::optional<FrozenWeights> frozen;
  world.run_on_rank0([&] { frozen.emplace(recipe.train.output, *start.model); });
  const parallel::TensorLayout layout = surgery::shard_layers(start.model, parallel.grid().tensor);
  parallel.shard_frozen(*start.model->lm->layers);
  parallel.prepare(*start.model, layout);
  const data::BatchShare share{parallel.grid().data.rank(), parallel.grid().data.size()};
  FlamingoTask task(
      start.model, Mixture(std::move(data->sources), recipe.mixture, share),
      [features = data->features](const MediaGroup& group) { return (*features)(group); },
      {.identity = identity_of(recipe, data->features->key()),
       .blind_every = recipe.blind_every,
       .parallel = &parallel});
  task.set_validation(std::move(data->validation));
  const TrainResult result = train(task, recipe.train, hooks);
  if (!result.finished) return result;
  parallel.restore_frozen();
  surgery::unshard_layers(start.model, layout, parallel.grid().tensor);
  world.run_on_rank0([&] {
    frozen->check();
    write_trained(recipe.train.output + "/model", recipe, start);
  });
  return result;
}

}  // namespace flamingo::train
