#include "flamingo/train/recipe_plan.h"

#include <algorithm>
#include <filesystem>
#include <map>
#include <optional>

#include "flamingo/checkpoint/adapters/gguf_llama.h"
#include "flamingo/checkpoint/adapters/native.h"
#include "flamingo/core/error.h"
#include "flamingo/plan/synthetic_step.h"
#include "flamingo/train/feature_cache.h"
#include "flamingo/train/start_model.h"

namespace flamingo::train {
namespace {

namespace fs = std::filesystem;

constexpr int64_t kStepsSeen = 8;
constexpr int64_t kEpisodeTokens = 8;   // of one picture of an episode, its mark included
constexpr int64_t kEpisodeTargets = 3;  // of these, predicted

model::FlamingoConfig config_of(const TrainFlamingoRecipe& recipe) {
  const model::FlamingoConfig config =
      recipe.model.empty()
          ? model_config(recipe, checkpoint::read_encoder(recipe.encoder),
                         checkpoint::decoder_config_from_gguf(io::Gguf::open(recipe.lm)))
          : checkpoint::read_model_config(recipe.model);
  if (recipe.image_size == 0) return config;
  model::Flamingo model(config, lm::WeightOptions::of(torch::kBFloat16, torch::kMeta));
  model->set_image_size(recipe.image_size);
  return model->config();
}

text::Tokenizer tokenizer_of(const TrainFlamingoRecipe& recipe, const model::TokenConfig& tokens) {
  std::string gguf = recipe.lm;
  if (!recipe.model.empty())
    gguf = checkpoint::is_native(recipe.model) ? checkpoint::native_tokenizer_path(recipe.model, "")
                                               : std::string();
  text::Tokenizer tokenizer = gguf.empty()
                                  ? text::Tokenizer::from_file(recipe.model + "/tokenizer.json")
                                  : text::Tokenizer::from_gguf(io::Gguf::open(gguf));
  for (const std::string& name : tokens.additional) tokenizer = tokenizer.with_special_token(name);
  return tokenizer;
}

bool has_data(const TrainFlamingoRecipe& recipe) {
  return std::ranges::all_of(recipe.sources, has_files);
}

/// Whether pictures pass through the encoder in the step.
bool encodes_pictures(const SourceConfig& source) {
  return source.documents && source.documents->cached_views == 0;
}

/// The largest batch of a source.
plan::StepShape largest_batch(const SourceConfig& source) {
  if (source.documents) {
    const data::DocumentSourceConfig& d = *source.documents;
    plan::StepShape shape = full_batch(d.batch, d.window.max_tokens, d.window.max_media, 1);
    shape.encodes = encodes_pictures(source);
    return shape;
  }
  const data::EpisodeConfig& e = *source.episodes;
  const int64_t media = std::max(e.max_binding_media, e.max_pairs);
  plan::StepShape shape = full_batch(e.batch, media * kEpisodeTokens, media, 1);
  shape.targets = e.batch * media * kEpisodeTargets;
  return shape;
}

std::vector<plan::StepShape> largest_batches(const TrainFlamingoRecipe& recipe) {
  std::vector<plan::StepShape> batches;
  for (const SourceConfig& source : recipe.sources) batches.push_back(largest_batch(source));
  if (recipe.mixture.mode != MixtureMode::kMerged) return batches;
  plan::StepShape merged = batches.front();
  for (size_t s = 1; s < batches.size(); ++s) {
    const plan::StepShape& other = batches[s];
    const plan::StepShape both = largest_of(merged, other);
    merged = {.sequences = merged.sequences + other.sequences,
              .tokens = both.tokens,
              .visible = merged.visible + other.visible,
              .media = both.media,
              .frames = both.frames,
              .targets = merged.targets + other.targets,
              .encodes = both.encodes,
              .clips = merged.num_clips() + other.num_clips(),
              .pictures = merged.num_pictures() + other.num_pictures()};
  }
  return {merged};
}

/// The largest extents of each source's batches in the first steps.
std::vector<plan::StepShape> seen_batches(const TrainFlamingoRecipe& recipe,
                                          std::vector<TrainSource> sources) {
  const bool in_turn = recipe.mixture.mode == MixtureMode::kRoundRobin;
  const int64_t steps =
      std::min(recipe.train.steps, kStepsSeen) * (in_turn ? std::ssize(recipe.sources) : 1);
  const Mixture mixture(std::move(sources), {.mode = recipe.mixture.mode});
  std::map<size_t, plan::StepShape> largest;
  for (int64_t step = 0; step < steps; ++step) {
    for (const MicroBatch& micro_batch : mixture.step(step).micro_batches) {
      const plan::StepShape shape = shape_of(micro_batch.batch);
      const auto [known, added] = largest.emplace(micro_batch.source, shape);
      if (!added) known->second = largest_of(known->second, shape);
    }
  }
  std::vector<plan::StepShape> batches;
  for (auto& [source, shape] : largest) {
    const bool cached = recipe.mixture.mode != MixtureMode::kMerged &&
                        !encodes_pictures(recipe.sources[source]) && shape.num_clips() == 0;
    shape.encodes = shape.encodes && !cached;
    batches.push_back(shape);
  }
  return batches;
}

/// Features that the run keeps of its pictures (train/feature_cache.h).
int64_t feature_bytes(const plan::FeatureShape& features, const data::SequenceSource& source) {
  const data::SourceViews views = source.views();
  const FeaturePlan plan{.pictures = views.pictures,
                         .views = views.views,
                         .patches = features.patches,
                         .dim = features.dim};
  return static_cast<int64_t>(plan.num_bytes());
}

/// Files of packed pictures, which are mapped.
int64_t packed_bytes(const SourceConfig& source) {
  const bool packed = source.episodes && source.episodes->pictures.ends_with(".safetensors");
  return packed ? static_cast<int64_t>(fs::file_size(source.episodes->pictures)) : 0;
}

}  // namespace

plan::StepShape full_batch(int64_t sequences, int64_t tokens, int64_t media, int64_t frames) {
  require(sequences > 0, "batch", "expected at least 1 sequence, got {}", sequences);
  require(tokens > 0, "tokens", "expected at least 1, got {}", tokens);
  require(media >= 0, "media", "expected at least 0, got {}", media);
  require(frames > 0, "frames", "expected at least 1, got {}", frames);
  return {.sequences = sequences,
          .tokens = tokens,
          .visible = media > 0 ? sequences * tokens : 0,
          .media = media,
          .frames = frames,
          .targets = sequences * tokens};
}

plan::StepShape largest_of(const plan::StepShape& a, const plan::StepShape& b) {
  return {.sequences = std::max(a.sequences, b.sequences),
          .tokens = std::max(a.tokens, b.tokens),
          .visible = std::max(a.visible, b.visible),
          .media = std::max(a.media, b.media),
          .frames = std::max(a.frames, b.frames),
          .targets = std::max(a.targets, b.targets),
          .encodes = a.encodes || b.encodes,
          .clips = std::max(a.num_clips(), b.num_clips()),
          .pictures = std::max(a.num_pictures(), b.num_pictures())};
}

RecipePlan plan_recipe(const TrainFlamingoRecipe& recipe) {
  RecipePlan plan;
  StepProblem& problem = plan.problem;
  problem.config = config_of(recipe);
  problem.training = {recipe.trainable, recipe.lora};
  problem.in_turn = recipe.mixture.mode == MixtureMode::kRoundRobin;
  problem.micro_batch = recipe.mixture.micro_batch;
  plan.storage = {.frozen = recipe.frozen, .checkpoint_blocks = recipe.checkpoint_blocks};
  plan.seen = has_data(recipe);
  std::vector<TrainSource> sources;
  if (plan.seen) {
    const text::Tokenizer tokenizer = tokenizer_of(recipe, problem.config.tokens);
    const plan::FeatureShape features = plan::feature_shape(problem.config);
    for (const SourceConfig& source : recipe.sources) {
      sources.push_back({make_source(source, tokenizer, problem.config), source.weight});
      plan.file_bytes += packed_bytes(source);
      if (!recipe.trainable.vision)
        plan.file_bytes += feature_bytes(features, *sources.back().source);
    }
  }
  problem.batches = plan.seen ? seen_batches(recipe, std::move(sources)) : largest_batches(recipe);
  for (plan::StepShape& batch : problem.batches)
    batch.encodes = batch.encodes || recipe.trainable.vision;
  return plan;
}

}  // namespace flamingo::train
