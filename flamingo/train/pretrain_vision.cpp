#include "flamingo/train/pretrain_vision.h"

#include <utility>

#include "flamingo/checkpoint/encoder_files.h"
#include "flamingo/core/error.h"
#include "flamingo/core/file.h"
#include "flamingo/nn/init.h"

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
  }
  start.towers =
      std::make_shared<TwoTowers>(start.encoder, recipe.contrastive, language.table.size(1));
  nn::init_weights(*start.towers, recipe.seed);
  if (!recipe.init.empty())
    checkpoint::load_into(*start.towers->encoder, files.weights, {}, recipe.init);
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
  require(!sources.empty(), "sources", "expected at least one source of captions, got none");
  for (CaptionSourceConfig& source : sources) source.validate();
  mixture.validate();
  validation.validate();
  require(train.validate_every == 0 || !validation.sources.empty(), "validation",
          "expected sources where train.validate_every is above 0, got none");
  parallel.validate();
  require(parallel.tensor == 1 && !parallel.shard_frozen, "parallel",
          "expected tensor 1 and no frozen shards: nothing of stage 1 is frozen");
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
  Json identity = identity_of(recipe, start, language, sources);
  ContrastiveTask task(start.towers, std::move(language), std::move(sources),
                       {.identity = std::move(identity),
                        .seed = recipe.seed,
                        .bf16 = recipe.bf16,
                        .max_tokens = recipe.contrastive.max_tokens,
                        .mixture = recipe.mixture,
                        .parallel = &parallel});
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
