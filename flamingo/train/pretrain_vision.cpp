#include "flamingo/train/pretrain_vision.h"

#include <algorithm>
#include <optional>
#include <span>
#include <utility>

#include "flamingo/checkpoint/encoder_files.h"
#include "flamingo/core/checked.h"
#include "flamingo/core/error.h"
#include "flamingo/core/file.h"
#include "flamingo/nn/init.h"
#include "flamingo/train/trunk_features.h"

namespace flamingo::train {
namespace {

/// Both towers as training begins, and how pictures are shown to them.
struct StartedTowers {
  std::shared_ptr<TwoTowers> towers;
  vision::EncoderConfig encoder;
  media::TransformConfig transform;
  std::string init_hash;  ///< of the weights it goes on from; empty: from scratch
};

/// Throws Error on a beginning that no parameter's name has.
void freeze(TwoTowers& towers, const std::vector<std::string>& beginnings) {
  for (const std::string& beginning : beginnings) {
    bool found = false;
    for (auto& item : towers.named_parameters()) {
      if (!item.key().starts_with(beginning)) continue;
      item.value().requires_grad_(false);
      found = true;
    }
    require(found, "frozen", "expected the beginning of a parameter's name, got \"{}\"", beginning,
            Hint{"names begin with \"encoder.\" and \"contrastive.\""});
  }
}

StartedTowers start_towers(const PretrainVisionRecipe& recipe, const CaptionLanguage& language) {
  StartedTowers start;
  checkpoint::EncoderFiles files;
  if (recipe.init.empty()) {
    start.encoder = recipe.encoder;
    start.transform = recipe.encoder.transform();
  } else {
    files = checkpoint::read_encoder(recipe.init);
    start.encoder = files.config;
    start.transform = files.transform;
    start.init_hash = files.hash;
    if (recipe.pooled_side > 0) start.encoder.set_pooled_side(recipe.pooled_side);
    if (recipe.projection_dim > 0) start.encoder.set_projection_dim(recipe.projection_dim);
  }
  start.towers =
      std::make_shared<TwoTowers>(start.encoder, recipe.contrastive, language.table.size(1));
  nn::init_weights(*start.towers, recipe.seed);
  if (!recipe.init.empty()) {
    checkpoint::LoadRules rules;
    if (recipe.projection_dim > 0) {
      std::erase_if(files.weights, [](const auto& weight) {
        return weight.first.starts_with(vision::VisionEncoder::kHead);
      });
      rules.elsewhere = {std::string(vision::VisionEncoder::kHead)};
    }
    checkpoint::load_into(*start.towers->encoder, files.weights, rules, recipe.init);
  }
  freeze(*start.towers, recipe.frozen);
  return start;
}

std::vector<WeightedCaptions> open_sources(const std::vector<CaptionSourceConfig>& configs,
                                           const media::TransformConfig& transform,
                                           const ProgressOptions& progress) {
  std::vector<WeightedCaptions> sources;
  for (const CaptionSourceConfig& config : configs) {
    sources.push_back({make_caption_source(config, transform), config.weight});
    if (!progress.write) continue;
    for (const std::string& warning : sources.back().source->warnings())
      progress.write("warning: " + warning + "\n");
  }
  return sources;
}

/// Only an encoder whose trunk is frozen makes the same features in every step.
void require_frozen_trunk(const vision::VisionEncoder& encoder, const std::string& source) {
  for (const auto& item : encoder.named_parameters()) {
    if (item.value().requires_grad() && !item.key().starts_with(vision::VisionEncoder::kHead))
      fail("sources." + source + ".labels",
           "expected cached_views 0 with a trained encoder, got a trained encoder.{}", item.key(),
           Hint{"name all of it but its projection in \"frozen\""});
  }
}

/// Features of the views that sources show by reference, by ViewRef::store.
using StoredViews = std::vector<std::shared_ptr<const FeatureCache>>;

/// Nothing when it was stopped.
std::optional<StoredViews> store_views(const PretrainVisionRecipe& recipe,
                                       const StartedTowers& start,
                                       const std::vector<WeightedCaptions>& sources,
                                       const TrainHooks& hooks) {
  StoredViews stores;
  std::optional<TrunkFeatures> trunk;
  for (const WeightedCaptions& each : sources) {
    if (each.source->views().pictures.empty()) continue;
    const auto& encoder = start.towers->encoder;
    require_frozen_trunk(*encoder, each.source->name());
    if (!trunk)
      trunk.emplace(
          TrunkOf{encoder, start.encoder, recipe.bf16 ? torch::kBFloat16 : torch::kFloat32},
          recipe.features_folder(), hooks);
    const auto cache = trunk->keep(each.source->name(), *each.source);
    if (!cache) return {};
    each.source->use_views(
        {.number = std::ssize(stores),
         .has = [cache](const data::ViewRef& view) { return cache->has(view); }});
    stores.push_back(cache);
  }
  start.towers->train();  // which drops what was folded for the features
  return stores;
}

/// Processes gather as many rows from each.
void require_even_shares(const PretrainVisionRecipe& recipe, int64_t processes) {
  for (const auto* sources : {&recipe.sources, &recipe.validation.sources}) {
    for (const CaptionSourceConfig& source : *sources) {
      if (source.shared_rows() % processes != 0)
        fail("sources." + source.name, "expected a batch that {} processes share evenly, got {}",
             processes, source.shared_rows());
    }
  }
}

/// What a run must find as it was when it is resumed. Files may be moved; what counts is the
/// content of `init` and of the language model's table, and what the sources say of theirs.
Json identity_of(PretrainVisionRecipe recipe, const StartedTowers& start,
                 const CaptionLanguage& language, const std::vector<WeightedCaptions>& data) {
  recipe.train = {};
  recipe.parallel = {};
  recipe.features.clear();
  recipe.lm = language.hash;
  recipe.init = start.init_hash;
  for (auto* sources : {&recipe.sources, &recipe.validation.sources}) {
    for (CaptionSourceConfig& source : *sources) {
      if (source.documents) source.documents->files.clear();
      if (source.labels) source.labels->pictures.clear();
    }
  }
  Json identity = config_to_json(recipe);
  for (const WeightedCaptions& source : data)
    identity["data"][source.source->name()] = source.source->identity();
  return identity;
}

void write_towers(const std::string& folder, const PretrainVisionRecipe& recipe,
                  const StartedTowers& start) {
  checkpoint::write_encoder(folder + "/encoder", start.encoder,
                            checkpoint::state_dict_of(*start.towers->encoder));
  checkpoint::write_weights_folder(folder + "/contrastive",
                                   {{"contrastive", config_to_json(recipe.contrastive)}},
                                   checkpoint::state_dict_of(*start.towers->contrastive));
}

}  // namespace

void PretrainVisionRecipe::validate() {
  train.validate();
  contrastive.validate();
  require(!lm.empty(), "recipe", "expected \"lm\", got none");
  if (init.empty()) encoder.validate();
  require_within("recipe", "pooled_side", pooled_side, 0, 1 << 10);
  require(pooled_side == 0 || !init.empty(), "recipe",
          "expected pooled_side 0 without \"init\", got {}", pooled_side,
          Hint{"the encoder's own config says it there"});
  require_within("recipe", "projection_dim", projection_dim, 0, 1 << 16);
  require(projection_dim == 0 || !init.empty(), "recipe",
          "expected projection_dim 0 without \"init\", got {}", projection_dim);
  require(!sources.empty(), "sources", "expected at least one source of captions, got none");
  for (CaptionSourceConfig& source : sources) source.validate();
  mixture.validate();
  validation.validate();
  const auto kept = std::ranges::count_if(sources, [](const CaptionSourceConfig& source) {
    return source.labels && source.labels->cached_views > 0;
  });
  require(mixture.mode != MixtureMode::kMerged || kept == 0 || kept == std::ssize(sources),
          "mixture.mode",
          "expected merged sources that all have cached_views, or none, got {} of {}", kept,
          sources.size());
  require(train.validate_every == 0 || !validation.sources.empty(), "validation",
          "expected sources where train.validate_every is above 0, got none");
  parallel.validate();
  require(parallel.tensor == 1 && !parallel.shard_frozen, "parallel",
          "expected tensor 1 and no frozen shards in stage 1");
}

TrainResult pretrain_vision(PretrainVisionRecipe recipe, TrainHooks hooks,
                            const parallel::ProcessGroup& world) {
  recipe.validate();
  const std::string written = config_text(config_to_json(recipe));
  parallel::Parallel parallel(recipe.parallel, world);
  hooks.parallel = &parallel;
  require_even_shares(recipe, parallel.grid().data.size());
  const auto type = recipe.bf16 ? torch::kBFloat16 : torch::kFloat32;
  CaptionLanguage language = read_caption_language(recipe.lm, type);
  const StartedTowers start = start_towers(recipe, language);
  make_folder(recipe.train.output);
  world.run_on_rank0([&] { write_file_atomic(recipe.train.output + "/recipe.json", written); });
  parallel.prepare(*start.towers);
  auto sources = open_sources(recipe.sources, start.transform, hooks.progress);
  const auto stores = store_views(recipe, start, sources, hooks);
  if (!stores) return {};
  Json identity = identity_of(recipe, start, language, sources);
  ContrastiveTask task(
      start.towers, std::move(language), std::move(sources),
      {.identity = std::move(identity),
       .seed = recipe.seed,
       .bf16 = recipe.bf16,
       .max_tokens = recipe.contrastive.max_tokens,
       .mixture = recipe.mixture,
       .parallel = &parallel,
       .features = [&stores](std::span<const data::ViewRef> views) {
         return stores->at(static_cast<size_t>(views.front().store))->gather(views);
       }});
  std::vector<CaptionSourceConfig> held_out;
  for (const CaptionSourceConfig& source : recipe.validation.sources)
    held_out.push_back(unvaried(source));
  task.set_validation(
      {open_sources(held_out, start.transform, hooks.progress), recipe.validation.batches});
  const TrainResult result = train(task, recipe.train, hooks);
  if (!result.finished) return result;
  world.run_on_rank0([&] { write_towers(recipe.train.output, recipe, start); });
  return result;
}

}  // namespace flamingo::train
