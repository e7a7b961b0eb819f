#include "flamingo/train/train_flamingo.h"

#include <algorithm>
#include <memory>
#include <utility>

#include "flamingo/checkpoint/adapters/native.h"
#include "flamingo/core/error.h"
#include "flamingo/core/file.h"
#include "flamingo/model/share_layers.h"
#include "flamingo/train/feature_cache.h"
#include "flamingo/train/flamingo_task.h"
#include "flamingo/train/frozen_weights.h"
#include "flamingo/train/pixel_encoder.h"
#include "flamingo/train/start_model.h"

namespace flamingo {
namespace {

bool has_episodes(const TrainFlamingoRecipe& recipe) {
  return std::ranges::any_of(recipe.sources, [](const auto& s) { return s.episodes.has_value(); });
}

/// Which views of which drawings the episodes show.
FeaturePlan feature_plan(const TrainFlamingoRecipe& recipe, const StartedModel& start,
                         const PictogramSet& set) {
  const FlamingoConfig& config = start.model->config();
  FeaturePlan plan;
  plan.drawings = set.drawings_in(PictogramSplit::kTrain);
  plan.views = 0;
  for (const SourceConfig& source : recipe.sources) {
    if (source.episodes) plan.views = std::max(plan.views, source.episodes->views);
  }
  const int64_t side = config.transform.size;
  Flamingo model = start.model;
  const auto features = model->encode_features(torch::zeros({1, 1, 1, 3, side, side}));
  plan.patches = features.size(3);
  plan.dim = features.size(4);
  plan.key = {{"encoder", start.encoder_key},
              {"augment", config_to_json(recipe.augment)},
              {"image_size", side},
              {"seed", recipe.seed},
              {"bf16", compute_type(recipe) == torch::kBFloat16}};
  return plan;
}

/// How a batch's media become features, by what they are made of.
struct MediaFeatures {
  std::function<torch::Tensor(std::span<const ViewRef>)> views;  ///< null: no pictograms
  PixelEncoder pixels;

  torch::Tensor operator()(const MediaGroup& group) const {
    return group.pixels.defined() ? pixels(group.pixels) : views(group.views);
  }
};

/// The data of a run.
struct TrainData {
  std::vector<TrainSource> sources;
  ValidationData validation;
  MediaFeatures features;
  Json key;  ///< what the features depend on
};

/// False when it was stopped.
bool add_pictograms(const TrainFlamingoRecipe& recipe, const StartedModel& start,
                    const PictogramSet& set, const TrainHooks& hooks, TrainData& data) {
  auto renderer = std::make_shared<ViewRenderer>(set, recipe.augment,
                                                 start.model->config().transform.size, recipe.seed);
  const auto render = [renderer](std::span<const ViewRef> views) {
    return renderer->render(views);
  };
  if (recipe.trainable.vision) {
    data.features.views = [render, encode = data.features.pixels](std::span<const ViewRef> views) {
      return encode(render(views));
    };
    return true;
  }
  const FeaturePlan plan = feature_plan(recipe, start, set);
  const std::string folder = recipe.train.output + "/features";
  const FeatureSource source{.render = render,
                             .encode = data.features.pixels,
                             .stop = hooks.stop,
                             .progress = hooks.progress};
  bool built = true;
  const ProcessGroup& world = hooks.parallel->grid().world;
  world.first_alone([&] { built = FeatureCache::build(folder, plan, source); });
  if (world.any(!built)) return false;
  auto cache = std::make_shared<const FeatureCache>(folder, plan);
  data.features.views = [cache](std::span<const ViewRef> views) { return cache->gather(views); };
  data.key = plan.key;
  return true;
}

/// Nothing when it was stopped.
std::optional<TrainData> make_data(const TrainFlamingoRecipe& recipe, const StartedModel& start,
                                   const TrainHooks& hooks) {
  TrainData data;
  data.features.pixels = pixel_encoder(start.model, recipe.trainable.vision);
  std::optional<PictogramSet> set;
  if (has_episodes(recipe)) {
    set = PictogramSet::open(recipe.pictograms);
    if (!add_pictograms(recipe, start, *set, hooks, data)) return {};
  }
  const auto& config = start.model->config();
  const SequenceFormat format = sequence_format(start.tokenizer, config);
  for (const SourceConfig& source : recipe.sources) {
    data.sources.push_back(source.episodes
                               ? episode_source(source, *set,
                                                sequence_tokens(start.tokenizer, config.tokens),
                                                start.tokenizer)
                               : document_source(source, format));
  }
  data.validation = validation_data(recipe.validation, format);
  return data;
}

/// Files may be moved; their content counts.
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
  return {{"recipe", config_to_json(recipe)}, {"features", features}};
}

}  // namespace

void TrainFlamingoRecipe::validate() {
  train.validate();
  require(!sources.empty(), "sources", "expected at least one source of data, got none");
  for (SourceConfig& source : sources) source.validate();
  validation.validate();
  require(!lora || !trainable.lm, "lora", "expected a frozen language model, got a trained one");
  require(train.validate_every == 0 || !validation.sources.empty(), "validation",
          "expected sources where train.validate_every is above 0, got none");
}

TrainResult train_flamingo(TrainFlamingoRecipe recipe, TrainHooks hooks,
                           const ProcessGroup& world) {
  recipe.validate();
  Parallel parallel(recipe.parallel, world);
  hooks.parallel = &parallel;
  StartedModel start = start_model(recipe);
  make_folder(recipe.train.output);
  world.first_alone([&] {
    write_file_atomic(recipe.train.output + "/recipe.json", config_to_json(recipe).dump(2) + "\n");
  });
  auto data = make_data(recipe, start, hooks);
  if (!data) return {};
  pack_language_model(recipe, start);
  std::optional<FrozenWeights> frozen;
  world.first_alone([&] { frozen.emplace(recipe.train.output, *start.model); });
  const TensorLayout layout = share_layers(start.model, parallel.grid().tensor);
  parallel.shard_frozen(*start.model->lm->layers);
  parallel.prepare(*start.model, layout);
  const BatchShare share{parallel.grid().data.rank(), parallel.grid().data.size()};
  FlamingoTask task(start.model, Mixture(std::move(data->sources), recipe.mixture, share),
                    data->features,
                    {.identity = identity_of(recipe, data->key),
                     .blind_every = recipe.blind_every,
                     .training = {recipe.trainable, recipe.lora},
                     .parallel = &parallel});
  task.set_validation(std::move(data->validation));
  const TrainResult result = train(task, recipe.train, hooks);
  if (!result.finished) return result;
  parallel.restore_frozen();
  gather_layers(start.model, layout, parallel.grid().tensor);
  world.first_alone([&] {
    frozen->check();
    write_trained(recipe.train.output + "/model", recipe, start);
  });
  return result;
}

}  // namespace flamingo
