#include "flamingo/train/flamingo_task.h"

#include <cmath>
#include <utility>

namespace flamingo {
namespace {

double gate_size(const torch::Tensor& alpha) {
  return alpha.detach().tanh().abs().mean().item<double>();
}

double share(const torch::Tensor& hits) {
  return hits.numel() > 0 ? hits.to(torch::kFloat64).mean().item<double>() : 0.0;
}

}  // namespace

torch::Tensor resample_media(Flamingo& model, const FlamingoBatch& batch,
                             const GatherFeatures& gather) {
  std::vector<torch::Tensor> media;
  for (const MediaGroup& group : batch.groups) {
    const auto features = gather(group);                                        // [N F, P, Dv]
    const auto clips = features.unflatten(0, {-1, group.frames}).unsqueeze(0);  // [1, N, F, P, Dv]
    media.push_back(model->resample(clips).squeeze(0));                         // [N, R, Dr]
  }
  if (media.empty()) return {};
  const auto rows = at::cat(media).index_select(0, batch.media_rows.flatten());
  return rows.unflatten(0, batch.media_rows.sizes());  // [B, M, R, Dr]
}

FlamingoLosses flamingo_losses(Flamingo& model, const FlamingoBatch& batch,
                               const GatherFeatures& gather) {
  const auto media = resample_media(model, batch, gather);
  const auto hidden =
      model->forward_hidden({.ids = batch.ids, .phi = batch.phi, .media = media});  // [B, T, D]
  const auto predicting = hidden.flatten(0, 1).index_select(0, batch.positions);    // [n, D]
  const auto logits = model->logits(predicting).to(torch::kFloat32);                // [n, V + A]
  FlamingoLosses result;
  result.loss = at::cross_entropy_loss(logits, batch.targets);
  const auto hits = logits.detach().argmax(1).eq(batch.targets);
  const auto bound_hits = hits.masked_select(batch.bound);
  result.accuracy = share(hits);
  result.bound_accuracy = share(bound_hits);
  result.num_bound = bound_hits.numel();
  return result;
}

FlamingoTask::FlamingoTask(Flamingo model, Episodes episodes, FeatureCache features, Json identity)
    : model_(std::move(model)),
      episodes_(std::move(episodes)),
      features_(std::move(features)),
      identity_(std::move(identity)) {}

StepLosses FlamingoTask::losses(int64_t step, int64_t /*part*/) {
  if (!batches_) batches_.emplace([this](int64_t s) { return collate(episodes_.batch(s)); }, step);
  const FlamingoBatch batch = batches_->next();
  const auto result = flamingo_losses(
      model_, batch, [this](const MediaGroup& group) { return features_.gather(group.views); });
  StepLosses losses{result.loss, batch.num_tokens, {{"accuracy", result.accuracy}}};
  if (result.num_bound > 0) losses.metrics.emplace_back("bound_accuracy", result.bound_accuracy);
  for (auto& gate : gate_metrics(model_)) losses.metrics.push_back(std::move(gate));
  return losses;
}

std::vector<Metric> gate_metrics(const Flamingo& model) {
  std::vector<Metric> metrics;
  for (size_t i = 0; i < model->xattn->size(); ++i) {
    const auto& layer = (*model->xattn)[i];
    metrics.emplace_back("gate_xattn." + std::to_string(i), gate_size(layer->alpha_xattn));
    metrics.emplace_back("gate_dense." + std::to_string(i), gate_size(layer->alpha_dense));
  }
  return metrics;
}

}  // namespace flamingo
