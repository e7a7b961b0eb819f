#include "flamingo/train/train_flamingo.h"

#include <algorithm>
#include <utility>

#include "flamingo/checkpoint/adapters/gguf_llama.h"
#include "flamingo/checkpoint/adapters/native.h"
#include "flamingo/core/error.h"
#include "flamingo/model/freeze.h"
#include "flamingo/nn/init.h"
#include "flamingo/train/encoder_files.h"
#include "flamingo/train/flamingo_task.h"

namespace flamingo {
namespace {

constexpr int64_t kMaxWords = 1 << 16;

torch::ScalarType compute_type(const TrainFlamingoRecipe& recipe) {
  return recipe.bf16 ? torch::kBFloat16 : torch::kFloat32;
}

FlamingoConfig model_config(const TrainFlamingoRecipe& recipe, const NfnetConfig& encoder,
                            DecoderConfig lm) {
  FlamingoConfig config;
  config.vision.nfnet = encoder;
  config.resampler = recipe.resampler;
  config.resampler->dim = encoder.dim();
  config.xattn = recipe.xattn;
  config.lm = lm;
  config.lm.additional_vocab = std::ssize(recipe.tokens.additional);
  config.tokens = recipe.tokens;
  config.transform.size = encoder.image_size;
  config.transform.mean.assign(3, kPictogramMean);
  config.transform.std.assign(3, kPictogramStd);
  return config;
}

/// Additional tokens start as follows: the end of a chunk as the newline, which ends lines as it
/// ends chunks; others as small random rows, and in the head at 0 (a random row would win over all
/// words).
void init_additional(Flamingo& model, const TokenConfig& tokens, int64_t newline, uint64_t seed) {
  const torch::NoGradGuard no_grad;
  auto& embedding = model->lm->embed_tokens;
  auto& head = model->lm->lm_head;
  if (!embedding->additional_embedding) return;
  init_weights(*embedding->additional_embedding, seed);
  head->additional_fc->weight.zero_();
  const auto& frozen_head = head->weight.defined() ? head->weight : embedding->weight;
  for (int64_t i = 0; i < std::ssize(tokens.additional); ++i) {
    if (tokens.additional[static_cast<size_t>(i)] != tokens.end_of_chunk) continue;
    embedding->additional_embedding->weight[i].copy_(embedding->weight[newline]);
    head->additional_fc->weight[i].copy_(frozen_head[newline]);
  }
}

/// The frozen parts from their files, the trained ones at their start.
Flamingo make_model(const TrainFlamingoRecipe& recipe, const EncoderFiles& encoder,
                    const LmCheckpoint& lm) {
  Flamingo model(model_config(recipe, encoder.config, lm.config),
                 WeightOptions::of(compute_type(recipe)));
  load_into(*model->vision_encoder, encoder.weights, {}, recipe.encoder);
  load_into(*model->lm, lm.weights,
            {.elsewhere = {"embed_tokens.additional_embedding", "lm_head.additional_fc"}},
            recipe.lm);
  init_weights(*model->resampler, recipe.seed);
  init_weights(*model->xattn, recipe.seed);
  model->vision_encoder->eval();
  freeze(model, {});
  return model;
}

Tokenizer make_tokenizer(const Gguf& gguf, const TokenConfig& tokens) {
  Tokenizer tokenizer = Tokenizer::from_gguf(gguf);
  for (const std::string& token : tokens.additional)
    tokenizer = tokenizer.with_special_token(token);
  return tokenizer;
}

Episodes make_episodes(const TrainFlamingoRecipe& recipe, const PictogramSet& set,
                       const Tokenizer& tokenizer) {
  const auto words = one_token_words(tokenizer, std::min(recipe.data.binding_words, kMaxWords));
  return Episodes(set, sequence_tokens(tokenizer, recipe.tokens), words, recipe.data);
}

FeaturePlan feature_plan(const TrainFlamingoRecipe& recipe, const EncoderFiles& encoder,
                         const PictogramSet& set) {
  FeaturePlan plan;
  plan.drawings = set.drawings_in(PictogramSplit::kTrain);
  plan.views = recipe.data.views;
  auto nfnet = make_encoder(encoder, torch::kFloat32);
  const torch::NoGradGuard no_grad;
  const int64_t side = encoder.config.image_size;
  plan.patches = nfnet->forward(torch::zeros({1, 3, side, side})).size(1);
  plan.dim = encoder.config.dim();
  plan.key = {{"encoder", encoder.hash},
              {"augment", config_to_json(recipe.augment)},
              {"seed", recipe.seed},
              {"bf16", recipe.bf16}};
  return plan;
}

/// False when it was stopped.
bool build_features(const TrainFlamingoRecipe& recipe, const EncoderFiles& encoder,
                    const PictogramSet& set, const FeaturePlan& plan, const TrainHooks& hooks) {
  ViewRenderer renderer(set, recipe.augment, encoder.config.image_size, recipe.seed);
  auto nfnet = make_encoder(encoder, torch::kFloat32);
  nfnet->fold(compute_type(recipe));
  const FeatureSource source{
      .render = [&](std::span<const ViewRef> views) { return renderer.render(views); },
      .encode =
          [&](const torch::Tensor& pixels) {
            return nfnet->forward(pixels.to(compute_type(recipe)));
          },
      .stop = hooks.stop,
      .progress = hooks.progress};
  return FeatureCache::build(recipe.train.output + "/features", plan, source);
}

Json identity_of(TrainFlamingoRecipe recipe, const FeaturePlan& plan) {
  recipe.train = {};
  recipe.lm.clear();  // the files may be moved; their content counts
  recipe.pictograms.clear();
  recipe.encoder.clear();
  return {{"recipe", config_to_json(recipe)}, {"features", plan.key}};
}

}  // namespace

SequenceTokens sequence_tokens(const Tokenizer& tokenizer, const TokenConfig& tokens) {
  SequenceTokens result;
  if (const auto bos = tokenizer.bos_id()) result.bos = {*bos};
  result.image = tokenizer.encode(tokens.image);
  result.eoc = tokenizer.encode(tokens.end_of_chunk);
  require(!result.image.empty() && !result.eoc.empty(), "tokens",
          "expected marks of at least one token, got an empty one");
  result.encode = [tokenizer](const std::string& text) { return tokenizer.encode_plain(text); };
  return result;
}

TrainResult train_flamingo(const TrainFlamingoRecipe& recipe, const TrainHooks& hooks) {
  recipe.train.validate();
  const PictogramSet set = PictogramSet::open(recipe.pictograms);
  const EncoderFiles encoder = read_encoder(recipe.encoder);
  const Gguf gguf = Gguf::open(recipe.lm);
  const FeaturePlan plan = feature_plan(recipe, encoder, set);
  if (!build_features(recipe, encoder, set, plan, hooks)) return {};
  Flamingo model =
      make_model(recipe, encoder, read_gguf_llama(gguf, compute_type(recipe), recipe.lm));
  const Tokenizer tokenizer = make_tokenizer(gguf, recipe.tokens);
  const auto newline = tokenizer.encode_plain("\n");
  require(!newline.empty(), recipe.lm, "expected a token for the newline, got none");
  init_additional(model, recipe.tokens, newline.front(), recipe.seed);
  FlamingoTask task(model, make_episodes(recipe, set, tokenizer),
                    FeatureCache(recipe.train.output + "/features", plan),
                    identity_of(recipe, plan));
  const TrainResult result = train(task, recipe.train, hooks);
  if (result.finished) write_native(recipe.train.output + "/model", model, recipe.lm);
  return result;
}

}  // namespace flamingo
