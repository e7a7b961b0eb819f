#include "flamingo/plan/synthetic_step.h"

#include <algorithm>

#include "flamingo/nn/meta_kernels.h"
#include "flamingo/nn/token_loss.h"

namespace flamingo::plan {
namespace {

constexpr double kDeviation = 0.02;

void fill_weights(torch::nn::Module& model) {
  const torch::NoGradGuard no_grad;
  for (auto& parameter : model.parameters())
    parameter.dim() < 2 ? parameter.fill_(1) : parameter.normal_(0, kDeviation);
}

model::Flamingo random_model(const model::FlamingoConfig& config, const StepTraining& training,
                             const StepStorage& storage, torch::Device device) {
  model::Flamingo model(config, lm::WeightOptions::of(storage.compute_type(), device));
  if (!device.is_meta()) fill_weights(*model);
  model::freeze(model, training.parts);
  if (training.lora) surgery::add_lora(model, *training.lora, 1);
  surgery::pack_frozen(model, storage.frozen);
  model->checkpoint_blocks(storage.checkpoint_blocks);
  return model;
}

/// phi [B, T]: the last Nv / B tokens of each sequence see its media, as many each.
torch::Tensor some_phi(const StepShape& shape) {
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
int64_t frames_of_clip(const StepShape& shape) {
  return std::max<int64_t>(shape.num_pictures() / shape.num_clips(), 1);
}

}  // namespace

SyntheticStep::SyntheticStep(const model::FlamingoConfig& config, const StepTraining& training,
                             const StepStorage& storage, torch::Device device)
    : model_(random_model(config, training, storage, device)),
      encode_(model::pixel_encoder(model_, training.parts.vision)),
      device_(device) {}

SyntheticBatch SyntheticStep::batch(const StepShape& shape) const {
  shape.validate();
  const lm::DecoderConfig& lm = model_->config().lm;
  const auto integers = torch::TensorOptions(torch::kInt64).device(device_);
  SyntheticBatch batch;
  batch.ids = torch::randint(lm.vocab, {shape.sequences, shape.tokens}, integers);
  if (lm.additional_vocab > 0) batch.ids.select(1, 0).fill_(lm.vocab);
  batch.phi = some_phi(shape);
  batch.positions =
      torch::arange(shape.sequences * shape.tokens, integers).narrow(0, 0, shape.targets).clone();
  batch.targets = torch::randint(lm.vocab, {shape.targets}, integers);
  if (shape.media == 0) return batch;
  batch.frames = frames_of_clip(shape);
  batch.media_rows = torch::arange(shape.sequences * shape.media, integers)
                         .remainder(shape.num_clips())
                         .view({shape.sequences, shape.media});
  const int64_t side = model_->config().transform.size, all = shape.num_clips() * batch.frames;
  const auto floats = torch::TensorOptions(torch::kFloat32).device(device_);
  if (shape.encodes) {
    batch.pictures = torch::randn({all, 3, side, side}, floats);
  } else {
    const FeatureShape features = feature_shape(model_->config());
    batch.pictures =
        torch::randn({all, features.patches, features.dim}, floats).to(model_->lm->compute_type());
  }
  return batch;
}

void SyntheticStep::accumulate(const SyntheticBatch& batch, const std::function<void()>& on_loss) {
  torch::Tensor media;
  if (batch.pictures.defined()) {
    const auto features = batch.pictures.dim() == 4 ? encode_(batch.pictures)
                                                    : model_->vision_encoder->head(batch.pictures);
    const auto clips = features.unflatten(0, {-1, batch.frames}).unsqueeze(0);
    media = model_->resample(clips).squeeze(0).index_select(0, batch.media_rows.flatten());
    media = media.unflatten(0, batch.media_rows.sizes());  // [B, M, R, Dr]
  }
  const auto hidden = model_->forward_hidden({.ids = batch.ids, .phi = batch.phi, .media = media});
  if (on_loss) on_loss();
  const auto rows = hidden.flatten(0, 1).index_select(0, batch.positions);
  nn::token_loss(model_->lm->logit_parts(rows), batch.targets).loss.backward();
}

FeatureShape feature_shape(const model::FlamingoConfig& config) {
  nn::register_meta_kernels();
  const torch::NoGradGuard no_grad;
  const model::Flamingo model(config, lm::WeightOptions::of(torch::kFloat32, torch::kMeta));
  const int64_t side = config.transform.size;
  const auto features = model->vision_encoder->trunk(
      torch::empty({1, 3, side, side}, torch::TensorOptions(torch::kMeta)));
  return {features.size(1), features.size(2)};
}

}  // namespace flamingo::plan
