#include "flamingo/train/flamingo_task.h"

#include <ATen/record_function.h>

#include <algorithm>
#include <cmath>
#include <iterator>
#include <utility>

#include "flamingo/nn/token_loss.h"

namespace flamingo::train {
namespace {

double gate_size(const torch::Tensor& alpha) {
  return alpha.detach().tanh().abs().mean().item<double>();
}

double share(const torch::Tensor& hits) {
  return hits.numel() > 0 ? hits.to(torch::kFloat64).mean().item<double>() : 0.0;
}

/// Of the targets after hidden [B, T, D].
nn::TokenLoss target_loss(const model::Flamingo& model, const torch::Tensor& hidden,
                          const FlamingoBatch& batch) {
  const auto predicting = hidden.flatten(0, 1).index_select(0, batch.positions);  // [n, D]
  return nn::token_loss(model->lm->logit_parts(predicting), batch.targets);
}

}  // namespace

torch::Tensor resample_media(model::Flamingo& model, const FlamingoBatch& batch,
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

plan::StepShape shape_of(const FlamingoBatch& batch) {
  plan::StepShape shape{.sequences = batch.ids.size(0),
                        .tokens = batch.ids.size(1),
                        .visible = batch.phi.gt(0).sum().item<int64_t>(),
                        .media = batch.media_rows.size(1),
                        .targets = batch.targets.size(0)};
  for (const MediaGroup& group : batch.groups) {
    const int64_t pictures =
        group.pixels.defined() ? group.pixels.size(0) : std::ssize(group.views);
    shape.frames = std::max(shape.frames, group.frames);
    shape.clips += pictures / group.frames;
    shape.pictures += pictures;
    shape.encodes = shape.encodes || group.pixels.defined();
  }
  return shape;
}

FlamingoLosses flamingo_losses(model::Flamingo& model, const FlamingoBatch& batch,
                               const GatherFeatures& gather) {
  const auto media = resample_media(model, batch, gather);
  const auto hidden =
      model->forward_hidden({.ids = batch.ids, .phi = batch.phi, .media = media});  // [B, T, D]
  const auto target = target_loss(model, hidden, batch);
  FlamingoLosses result;
  result.loss = target.loss;
  const auto hits = target.predicted.eq(batch.targets);
  const auto bound_hits = hits.masked_select(batch.bound);
  result.accuracy = share(hits);
  result.bound_accuracy = share(bound_hits);
  result.num_bound = bound_hits.numel();
  return result;
}

double blind_loss(model::Flamingo& model, const FlamingoBatch& batch) {
  const torch::NoGradGuard no_grad;
  const auto hidden =
      model->forward_hidden({.ids = batch.ids, .phi = torch::zeros_like(batch.phi)});
  return target_loss(model, hidden, batch).loss.item<double>();
}

double language_loss(model::Flamingo& model, const FlamingoBatch& batch) {
  const torch::NoGradGuard no_grad;
  const auto hidden = model->lm->forward_hidden(batch.ids);
  return target_loss(model, hidden, batch).loss.item<double>();
}

FlamingoTask::FlamingoTask(model::Flamingo model, Mixture mixture, GatherFeatures gather,
                           Options options)
    : model_(std::move(model)),
      mixture_(std::move(mixture)),
      gather_(std::move(gather)),
      options_(std::move(options)) {}

int64_t FlamingoTask::begin(int64_t step) {
  if (!steps_) steps_.emplace([this](int64_t s) { return mixture_.step(s); }, step);
  step_ = steps_->next();
  tallies_.assign(mixture_.names().size(), {});
  if (options_.parallel) {
    weigh_by_all_targets();
    options_.parallel->require_even(std::ssize(step_.micro_batches));
  }
  return std::ssize(step_.micro_batches);
}

std::vector<double> FlamingoTask::sum(const std::vector<double>& values) const {
  return options_.parallel ? options_.parallel->grid().data.sum(values) : values;
}

void FlamingoTask::weigh_by_all_targets() {
  std::vector<double> own(mixture_.names().size());
  for (const MicroBatch& micro_batch : step_.micro_batches)
    own[micro_batch.source] += static_cast<double>(micro_batch.batch.targets.size(0));
  const auto all = sum(own);
  for (MicroBatch& micro_batch : step_.micro_batches)
    micro_batch.weight *= own[micro_batch.source] / all[micro_batch.source];
}

void FlamingoTask::add_up_tallies() {
  std::vector<double> values;
  for (Tally& tally : tallies_) {
    for (const double* field : tally.fields()) values.push_back(*field);
  }
  values = sum(values);
  auto next = values.begin();
  for (Tally& tally : tallies_) {
    for (double* field : tally.fields()) *field = *next++;
  }
}

StepLosses FlamingoTask::losses(int64_t step, int64_t micro_batch) {
  const MicroBatch& data = step_.micro_batches.at(static_cast<size_t>(micro_batch));
  const auto result = flamingo_losses(model_, data.batch, gather_);
  Tally& tally = tallies_[data.source];
  const auto targets = static_cast<double>(data.batch.targets.size(0));
  tally.targets += targets;
  tally.loss += targets * result.loss.item<double>();
  tally.accuracy += targets * result.accuracy;
  tally.bound += static_cast<double>(result.num_bound);
  tally.bound_accuracy += static_cast<double>(result.num_bound) * result.bound_accuracy;
  if (is_blind_step(step)) {
    const at::RecordFunctionGuard not_counted(/*is_enabled=*/false);  // it is no part of training
    tally.blind_loss += targets * blind_loss(model_, data.batch);
  }
  return {.loss = result.loss, .items = data.batch.num_tokens, .weight = data.weight};
}

std::vector<Metric> FlamingoTask::metrics(int64_t step) {
  add_up_tallies();
  std::vector<Metric> metrics;
  for (size_t s = 0; s < tallies_.size(); ++s) {
    const Tally& tally = tallies_[s];
    if (tally.targets == 0) continue;
    const std::string& name = mixture_.names()[s];
    metrics.emplace_back("loss." + name, tally.loss / tally.targets);
    metrics.emplace_back("accuracy." + name, tally.accuracy / tally.targets);
    if (tally.bound > 0)
      metrics.emplace_back("bound_accuracy." + name, tally.bound_accuracy / tally.bound);
    if (is_blind_step(step))
      metrics.emplace_back("blind_loss." + name, tally.blind_loss / tally.targets);
  }
  if (!step_.damaged.empty())
    metrics.emplace_back("damaged", static_cast<double>(step_.damaged.size()));
  if (step_.frames_bad > 0)
    metrics.emplace_back("damaged_frames", static_cast<double>(step_.frames_bad));
  std::ranges::move(gate_metrics(model_), std::back_inserter(metrics));
  return metrics;
}

std::optional<Validation> FlamingoTask::validate() {
  if (validation_.sources.empty()) return {};
  Validation result;
  double weights = 0;
  for (const TrainSource& source : validation_.sources) {
    const std::string& name = source.source->name();
    double targets = 0, loss = 0, blind = 0, language = 0;
    const torch::NoGradGuard no_grad;
    for (int64_t i = 0; i < validation_.batches; ++i) {
      const auto batch = collate(source.source->batch(i).sequences);
      const auto n = static_cast<double>(batch.targets.size(0));
      targets += n;
      loss += n * flamingo_losses(model_, batch, gather_).loss.item<double>();
      blind += n * blind_loss(model_, batch);
      language += n * language_loss(model_, batch);
    }
    result.metrics.emplace_back("valid_loss." + name, loss / targets);
    result.metrics.emplace_back("valid_blind_loss." + name, blind / targets);
    result.metrics.emplace_back("valid_lm_loss." + name, language / targets);
    result.loss += source.weight * loss / targets;
    weights += source.weight;
  }
  result.loss /= weights;
  return result;
}

Json FlamingoTask::samples() const {
  Json samples = Json::object();
  for (const MicroBatch& micro_batch : step_.micro_batches) {
    Json& list = samples[mixture_.names()[micro_batch.source]];
    for (const std::string& key : micro_batch.batch.keys) list.push_back(key);
  }
  return samples;
}

std::vector<std::string> FlamingoTask::notes() const {
  std::vector<std::string> notes;
  for (const auto& [source, text] : step_.damaged) notes.push_back("skipping " + text);
  return notes;
}

std::vector<Metric> gate_metrics(const model::Flamingo& model) {
  std::vector<Metric> metrics;
  const auto add = [&](const char* kind, size_t i, const torch::Tensor& alpha) {
    if (alpha.defined()) metrics.emplace_back(kind + std::to_string(i), gate_size(alpha));
  };
  for (size_t i = 0; i < model->xattn->size(); ++i) {
    add("gate_xattn.", i, (*model->xattn)[i]->alpha_xattn);
    add("gate_dense.", i, (*model->xattn)[i]->alpha_dense);
  }
  return metrics;
}

}  // namespace flamingo::train
