#include "flamingo/train/synthetic_step.h"

#include <algorithm>

#include "flamingo/core/error.h"
#include "flamingo/nn/token_loss.h"

namespace flamingo::train {
namespace {

constexpr double kDeviation = 0.02;

model::Flamingo random_model(const model::FlamingoConfig& config,
                             const plan::StepTraining& training, const plan::StepStorage& storage) {
  const auto type = storage.compute_bytes() == 4 ? torch::kFloat32 : torch::kBFloat16;
  model::Flamingo model(config, lm::WeightOptions::of(type));
  {
    const torch::NoGradGuard no_grad;
    for (auto& parameter : model->parameters()) {
      parameter.dim() < 2 ? parameter.fill_(1) : parameter.normal_(0, kDeviation);
    }
  }
  model::freeze(model, training.parts);
  if (training.lora) surgery::add_lora(model, *training.lora, 1);
  if (surgery::block_type_of(storage.frozen)) surgery::pack_frozen(model, storage.frozen);
  model->checkpoint_blocks(storage.checkpoint_blocks);
  return model;
}

/// phi [B, T]: the last Nv / B tokens of each sequence see its media, as many each.
torch::Tensor some_phi(const plan::StepShape& shape) {
  const int64_t seen = shape.visible / shape.sequences;
  auto phi = torch::zeros({shape.sequences, shape.tokens}, torch::kInt64);
  if (shape.media == 0 || seen == 0) return phi;
  const int64_t each = (seen + shape.media - 1) / shape.media;
  phi.narrow(1, shape.tokens - seen, seen)
      .copy_((torch::arange(seen, torch::kInt64).div(each, "floor") + 1)
                 .expand({shape.sequences, seen}));
  return phi;
}

/// As if all clips were as long.
int64_t frames_of_clip(const plan::StepShape& shape) {
  return std::max<int64_t>(shape.num_pictures() / shape.num_clips(), 1);
}

}  // namespace

SyntheticStep::SyntheticStep(const model::FlamingoConfig& config, const plan::StepShape& shape,
                             const plan::StepTraining& training, const plan::StepStorage& storage)
    : model_(random_model(config, training, storage)),
      encode_(pixel_encoder(model_, training.parts.vision)),
      optimizer_({}, *model_),
      shape_(shape),
      phi_(some_phi(shape)) {
  require(shape.targets <= shape.sequences * shape.tokens, "SyntheticStep",
          "expected at most as many targets as tokens, got more");
  ids_ = torch::randint(config.lm.vocab, {shape.sequences, shape.tokens}, torch::kInt64);
  if (config.lm.additional_vocab > 0) ids_.select(1, 0).fill_(config.lm.vocab);
  positions_ = torch::randperm(shape.sequences * shape.tokens).narrow(0, 0, shape.targets);
  words_ = torch::randint(config.lm.vocab, {shape.targets}, torch::kInt64);
  if (shape.media == 0) return;
  media_rows_ = torch::arange(shape.sequences * shape.media)
                    .remainder(shape.num_clips())
                    .view({shape.sequences, shape.media});
  const int64_t side = config.transform.size, all = shape.num_clips() * frames_of_clip(shape);
  pictures_ = shape.encodes
                  ? torch::randn({all, 3, side, side})
                  : torch::randn({all, plan::num_patches(config.vision), config.vision.dim()})
                        .to(model_->lm->compute_type());
}

void SyntheticStep::accumulate() {
  torch::Tensor media;
  if (pictures_.defined()) {
    const auto features = shape_.encodes ? encode_(pictures_) : pictures_;
    const auto clips = features.unflatten(0, {-1, frames_of_clip(shape_)}).unsqueeze(0);
    media = model_->resample(clips).squeeze(0).index_select(0, media_rows_.flatten());
    media = media.unflatten(0, media_rows_.sizes());  // [B, M, R, Dr]
  }
  const auto hidden = model_->forward_hidden({.ids = ids_, .phi = phi_, .media = media});
  const auto rows = hidden.flatten(0, 1).index_select(0, positions_);
  nn::token_loss(model_->lm->logit_parts(rows), words_).loss.backward();
}

void SyntheticStep::update() {
  optimizer_.clip_gradients();
  optimizer_.step(1e-3);
  optimizer_.zero_grad();
}

}  // namespace flamingo::train
