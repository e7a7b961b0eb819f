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

/// A source of documents whose pictures' views are ready. Nothing when it was stopped.
std::optional<TrainSource> ready_documents(const SourceConfig& source,
                                           const data::SequenceFormat& format,
                                           const std::string& name, MediaFeatures& features,
                                           const ProgressOptions& progress) {
  auto documents = std::make_shared<data::DocumentSource>(*source.documents, format);
  tell_warnings(documents->warnings(), progress);
  if (!features.add_documents(name, *documents, *source.documents)) return {};
  return document_source(source, std::move(documents));
}

/// Nothing when it was stopped.
std::optional<TrainData> make_data(const TrainFlamingoRecipe& recipe, const StartedModel& start,
                                   const TrainHooks& hooks) {
  TrainData data;
  const auto features = std::make_shared<MediaFeatures>(recipe, start, hooks);
  std::optional<data::PictogramSet> set;
  if (has_episodes(recipe.sources)) {
    set = data::PictogramSet::open(recipe.pictograms);
    if (!features->add_pictograms(*set)) return {};
  }
  const auto& config = start.model->config();
  const data::SequenceFormat format = sequence_format(start.tokenizer, config);
  for (const SourceConfig& source : recipe.sources) {
    auto ready = source.episodes
                     ? episode_source(source, *set, sequence_tokens(start.tokenizer, config.tokens),
                                      start.tokenizer)
                     : ready_documents(source, format, source.name, *features, hooks.progress);
    if (!ready) return {};
    data.sources.push_back(std::move(*ready));
  }
  data.validation.batches = recipe.validation.batches;
  for (const SourceConfig& source : recipe.validation.sources) {
    auto ready = ready_documents(unvaried(source), format, "validation." + source.name, *features,
                                 hooks.progress);
    if (!ready) return {};
    data.validation.sources.push_back(std::move(*ready));
  }
  data.features = features;
  return data;
}

/// Files may be moved; their content counts. `features` tells the cached views.
Json identity_of(TrainFlamingoRecipe recipe, const Json& features) {
  recipe.train = {};
  recipe.parallel = {};
  recipe.model.clear();
  recipe.lm.clear();
  recipe.pictograms.clear();
  recipe.encoder.clear();
  for (auto* sources : {&recipe.sources, &recipe.validation.sources}) {
    for (SourceConfig& source : *sources) {
      if (source.documents) source.documents->files.clear();
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
  require(!has_episodes(sources) || !pictograms.empty(), "pictograms",
          "expected a file for the episodes, got none", Hint{"flamingo data pictograms makes one"});
  require(!sources.empty(), "sources", "expected at least one source of data, got none");
  for (SourceConfig& source : sources) source.validate();
  validation.validate();
  require_frozen_encoder_of_cached_views(*this);
  require(!lora || !trainable.lm, "lora", "expected a frozen language model, got a trained one");
  require(train.validate_every == 0 || !validation.sources.empty(), "validation",
          "expected sources where train.validate_every is above 0, got none");
}

TrainResult train_flamingo(TrainFlamingoRecipe recipe, TrainHooks hooks,
                           const parallel::ProcessGroup& world) {
  recipe.validate();
  parallel::Parallel parallel(recipe.parallel, world);
  hooks.parallel = &parallel;
  StartedModel start = start_model(recipe);
  tell_warnings(start.warnings, hooks.progress);
  make_folder(recipe.train.output);
  world.run_on_rank0([&] {
    write_file_atomic(recipe.train.output + "/recipe.json", config_to_json(recipe).dump(2) + "\n");
  });
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
       .training = {recipe.trainable, recipe.lora},
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
