#include "flamingo/train/start_model.h"

#include <filesystem>

#include "flamingo/checkpoint/adapters/gguf_llama.h"
#include "flamingo/checkpoint/adapters/native.h"
#include "flamingo/core/error.h"
#include "flamingo/core/file.h"
#include "flamingo/generate/model_bundle.h"
#include "flamingo/nn/init.h"

namespace flamingo::train {
namespace {

constexpr uint64_t kMaxTokenizer = 256ull << 20;

/// Additional tokens start as follows: the end of a chunk as the newline, which ends lines as it
/// ends chunks; others as small random rows, and in the head at 0 (a random row would win over all
/// words).
void init_additional(model::Flamingo& model, const model::TokenConfig& tokens, int64_t newline,
                     uint64_t seed) {
  const torch::NoGradGuard no_grad;
  auto& embedding = model->lm->embed_tokens;
  auto& head = model->lm->lm_head;
  if (!embedding->additional_embedding) return;
  nn::init_weights(*embedding->additional_embedding, seed);
  head->additional_fc->weight.zero_();
  const auto& frozen_head = head->weight.defined() ? head->weight : embedding->weight;
  for (int64_t i = 0; i < std::ssize(tokens.additional); ++i) {
    if (tokens.additional[static_cast<size_t>(i)] != tokens.end_of_chunk) continue;
    embedding->additional_embedding->weight[i].copy_(embedding->weight[newline]);
    head->additional_fc->weight[i].copy_(frozen_head[newline]);
  }
}

/// The frozen parts from their files, the others at their start.
model::Flamingo assemble(const TrainFlamingoRecipe& recipe, const checkpoint::EncoderFiles& encoder,
                         const checkpoint::LmCheckpoint& lm, int64_t newline) {
  model::Flamingo model(model_config(recipe, encoder, lm.config),
                        lm::WeightOptions::of(compute_type(recipe)));
  model::freeze(model, recipe.trainable);
  if (recipe.random_init.encoder) {
    nn::init_weights(*model->vision_encoder, recipe.seed);
  } else {
    checkpoint::load_into(*model->vision_encoder, encoder.weights, {}, recipe.encoder);
  }
  if (recipe.random_init.lm) {
    nn::init_weights(*model->lm, recipe.seed);
  } else {
    checkpoint::load_into(
        *model->lm, lm.weights,
        {.elsewhere = {"embed_tokens.additional_embedding", "lm_head.additional_fc"}}, recipe.lm);
  }
  if (model->resampler) nn::init_weights(*model->resampler, recipe.seed);
  nn::init_weights(*model->xattn, recipe.seed);
  nn::init_weights(*model->graft, recipe.seed);
  init_additional(model, recipe.tokens, newline, recipe.seed);
  return model;
}

StartedModel start_from_parts(const TrainFlamingoRecipe& recipe) {
  const checkpoint::EncoderFiles encoder = checkpoint::read_encoder(recipe.encoder);
  const io::Gguf gguf = io::Gguf::open(recipe.lm);
  text::Tokenizer tokenizer = text::Tokenizer::from_gguf(gguf);
  const auto newline = tokenizer.encode_plain("\n");
  require(!newline.empty(), recipe.lm, "expected a token for the newline, got none");
  for (const std::string& token : recipe.tokens.additional)
    tokenizer = tokenizer.with_special_token(token);
  const auto lm = checkpoint::read_gguf_llama(gguf, compute_type(recipe), recipe.lm);
  auto warnings = tokenizer.warnings();
  warnings.insert(warnings.end(), lm.warnings.begin(), lm.warnings.end());
  return {.model = assemble(recipe, encoder, lm, newline.front()),
          .tokenizer = tokenizer,
          .lm_path = recipe.lm,
          .warnings = std::move(warnings)};
}

StartedModel start_from_model(const TrainFlamingoRecipe& recipe) {
  generate::ModelBundle bundle =
      generate::open_model(recipe.model, {.compute = compute_type(recipe)});
  model::freeze(bundle.model, recipe.trainable);
  StartedModel start{.model = bundle.model, .tokenizer = bundle.tokenizer};
  if (checkpoint::is_native(recipe.model))
    start.lm_path = checkpoint::native_tokenizer_path(recipe.model, "");
  if (start.lm_path.empty())
    start.tokenizer_path = (std::filesystem::path(recipe.model) / "tokenizer.json").string();
  start.lm_is_file = bundle.lm_file != nullptr;
  start.warnings = std::move(bundle.warnings);
  return start;
}

/// Copies the trained weights of one model into another of the same recipe.
void copy_trained(const model::Flamingo& from, model::Flamingo& to) {
  const torch::NoGradGuard no_grad;
  const auto target = to->named_parameters();
  for (const auto& item : from->named_parameters()) {
    if (item.value().requires_grad()) target[item.key()].copy_(item.value());
  }
}

}  // namespace

model::FlamingoConfig model_config(const TrainFlamingoRecipe& recipe,
                                   const checkpoint::EncoderFiles& encoder,
                                   const lm::DecoderConfig& lm) {
  model::FlamingoConfig config;
  config.vision = encoder.config;
  config.transform = encoder.transform;
  config.resampler = recipe.resampler;
  config.resampler->dim = encoder.config.dim();
  config.xattn = recipe.xattn;
  config.lm = lm;
  config.lm.additional_vocab = std::ssize(recipe.tokens.additional);
  config.tokens = recipe.tokens;
  return config;
}

torch::ScalarType compute_type(const TrainFlamingoRecipe& recipe) {
  return recipe.frozen == surgery::FrozenFormat::kFp32 ? torch::kFloat32 : torch::kBFloat16;
}

StartedModel start_model(const TrainFlamingoRecipe& recipe) {
  StartedModel start = recipe.model.empty() ? start_from_parts(recipe) : start_from_model(recipe);
  start.model->vision_encoder->eval();
  if (recipe.image_size > 0) start.model->set_image_size(recipe.image_size);
  if (recipe.lora) surgery::add_lora(start.model, *recipe.lora, recipe.seed);
  start.model->checkpoint_blocks(recipe.checkpoint_blocks);
  return start;
}

void pack_language_model(const TrainFlamingoRecipe& recipe, StartedModel& start) {
  if (!surgery::block_type_of(recipe.frozen)) return;
  if (start.lm_is_file && !recipe.random_init.lm)
    checkpoint::pack_gguf_llama(io::Gguf::open(start.lm_path), recipe.frozen, start.model->lm);
  surgery::pack_frozen(start.model, recipe.frozen);
}

void write_trained(const std::string& folder, const TrainFlamingoRecipe& recipe,
                   const StartedModel& start) {
  model::Flamingo model = start.model;
  if (surgery::block_type_of(recipe.frozen)) {
    model = start_model(recipe).model;
    copy_trained(start.model, model);
  }
  surgery::merge_lora(model);
  const bool own_lm =
      recipe.trainable.lm || recipe.random_init.lm || recipe.lora || !start.lm_is_file;
  checkpoint::write_native(folder, model, start.lm_path,
                           own_lm ? checkpoint::LmWeights::kOwn : checkpoint::LmWeights::kOfFile);
  if (start.lm_path.empty()) {
    write_file_atomic(folder + "/tokenizer.json", read_file(start.tokenizer_path, kMaxTokenizer));
  }
}

}  // namespace flamingo::train
