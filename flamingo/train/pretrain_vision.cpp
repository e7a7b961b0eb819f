#include "flamingo/train/pretrain_vision.h"

#include <algorithm>
#include <utility>

#include "flamingo/checkpoint/adapters/gguf_llama.h"
#include "flamingo/checkpoint/encoder_files.h"
#include "flamingo/core/error.h"
#include "flamingo/core/file.h"
#include "flamingo/nn/init.h"
#include "flamingo/pictures/open_pictures.h"

namespace flamingo::train {
namespace {

constexpr const char* kTokenTable = "token_embd.weight";

torch::ScalarType compute_type(const PretrainVisionRecipe& recipe) {
  return recipe.bf16 ? torch::kBFloat16 : torch::kFloat32;
}

media::TransformConfig transform_of(const PretrainVisionRecipe& recipe) {
  return {.size = recipe.encoder.image_size, .mean = {0.5, 0.5, 0.5}, .std = {0.5, 0.5, 0.5}};
}

}  // namespace

CaptionTokens tokenize_captions(const text::Tokenizer& tokenizer,
                                const std::vector<std::string>& captions, int64_t max_tokens) {
  std::vector<std::vector<int32_t>> rows;
  int64_t longest = 1;
  for (const std::string& caption : captions) {
    auto ids = tokenizer.encode_plain(caption);
    if (ids.empty()) ids.push_back(0);
    ids.resize(std::min(ids.size(), static_cast<size_t>(max_tokens)));
    longest = std::max(longest, static_cast<int64_t>(ids.size()));
    rows.push_back(std::move(ids));
  }
  CaptionTokens tokens{torch::zeros({std::ssize(rows), longest}, torch::kInt64),
                       torch::zeros({std::ssize(rows), longest}, torch::kInt64)};
  auto ids = tokens.ids.accessor<int64_t, 2>();
  auto mask = tokens.mask.accessor<int64_t, 2>();
  for (int64_t n = 0; n < std::ssize(rows); ++n) {
    const auto& row = rows[static_cast<size_t>(n)];
    for (int64_t t = 0; t < std::ssize(row); ++t) {
      ids[n][t] = row[static_cast<size_t>(t)];
      mask[n][t] = 1;
    }
  }
  return tokens;
}

CaptionLanguage read_caption_language(const std::string& gguf_path, torch::ScalarType type) {
  const io::Gguf gguf = io::Gguf::open(gguf_path);
  const io::GgufTensor* table = gguf.find(kTokenTable);
  require(table != nullptr, gguf_path, "expected a tensor {}, got none", kTokenTable);
  return {text::Tokenizer::from_gguf(gguf), checkpoint::decode_tensor(*table, type)};
}

TwoTowers::TwoTowers(const vision::NfnetConfig& encoder_config,
                     const vision::ContrastiveConfig& config, int64_t token_dim)
    : encoder(register_module(
          "encoder", vision::Nfnet(encoder_config, torch::TensorOptions(torch::kFloat32)))),
      contrastive(register_module("contrastive",
                                  vision::Contrastive(config, encoder->dim(), token_dim,
                                                      torch::TensorOptions(torch::kFloat32)))) {}

PretrainVisionTask::PretrainVisionTask(const PretrainVisionRecipe& recipe, CaptionLanguage language)
    : recipe_(recipe),
      language_(std::move(language)),
      data_(recipe.data, pictures::open_pictures(recipe.data.pictures), transform_of(recipe)),
      towers_(std::make_shared<TwoTowers>(recipe.encoder, recipe.contrastive,
                                          language_.table.size(1))) {
  nn::init_weights(*towers_, recipe.seed);
}

Json PretrainVisionTask::identity() const {
  PretrainVisionRecipe recipe = recipe_;
  recipe.train = {};
  recipe.data.pictures.clear();  // the files may be moved
  recipe.lm.clear();
  return config_to_json(recipe);
}

PretrainVisionTask::Batch PretrainVisionTask::make_batch(int64_t step) {
  const data::CaptionedBatch batch = data_.batch(step);
  return {batch.pixels.to(compute_type(recipe_)),
          tokenize_captions(language_.tokenizer, batch.captions, recipe_.contrastive.max_tokens),
          torch::tensor(batch.concepts)};
}

int64_t PretrainVisionTask::begin(int64_t step) {
  if (!batches_) batches_.emplace([this](int64_t s) { return make_batch(s); }, step);
  batch_ = batches_->next();
  return 1;
}

StepLosses PretrainVisionTask::losses(int64_t step, int64_t /*part*/) {
  const auto features = towers_->encoder->forward(
      batch_.pixels, recipe_.seed + static_cast<uint64_t>(step));  // [N, P, Dv]
  const auto& heads = towers_->contrastive;
  const auto images = heads->embed_images(features);  // [N, E]
  const auto texts =
      heads->embed_texts(batch_.captions.ids, batch_.captions.mask, language_.table);  // [N, E]
  const auto loss = heads->loss({images, texts, batch_.concepts, batch_.concepts});
  const auto best = at::matmul(images.detach(), texts.detach().t()).argmax(1);
  retrieval_ = batch_.concepts.index_select(0, best)
                   .eq(batch_.concepts)
                   .to(torch::kFloat64)
                   .mean()
                   .item<double>();
  return {.loss = loss.total, .items = batch_.pixels.size(0)};
}

std::vector<Metric> PretrainVisionTask::metrics(int64_t /*step*/) {
  return {{"retrieval", retrieval_}, {"beta", towers_->contrastive->beta().item<double>()}};
}

TrainResult pretrain_vision(const PretrainVisionRecipe& recipe, const TrainHooks& hooks) {
  recipe.train.validate();
  require(!recipe.lm.empty(), "recipe", "expected \"lm\", got none");
  PretrainVisionTask task(recipe, read_caption_language(recipe.lm, compute_type(recipe)));
  const TrainResult result = train(task, recipe.train, hooks);
  if (!result.finished) return result;
  const TwoTowers& towers = task.towers();
  checkpoint::write_encoder(recipe.train.output + "/encoder", recipe.encoder,
                            checkpoint::state_dict_of(*towers.encoder));
  checkpoint::write_weights_folder(recipe.train.output + "/contrastive",
                                   {{"contrastive", config_to_json(recipe.contrastive)}},
                                   checkpoint::state_dict_of(*towers.contrastive));
  return result;
}

}  // namespace flamingo::train
