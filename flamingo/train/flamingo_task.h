#pragma once

#include <memory>
#include <optional>

#include "flamingo/data/episodes.h"
#include "flamingo/data/prefetch.h"
#include "flamingo/model/flamingo.h"
#include "flamingo/train/collate.h"
#include "flamingo/train/feature_cache.h"
#include "flamingo/train/trainer.h"

namespace flamingo {

/// What the forward pass of one batch gives.
struct FlamingoLosses {
  torch::Tensor loss;   ///< mean cross-entropy per target token (paper section 2.3), fp32 scalar
  double accuracy = 0;  ///< share of targets with the largest logit
  double bound_accuracy = 0;  ///< the same for labels that were shown before in their sequence
  int64_t num_bound = 0;
};

/// Features of a group's media, frame by frame -> [n F, P, Dv].
using GatherFeatures = std::function<torch::Tensor(const MediaGroup&)>;

/// Media of all groups -> [B, M, R, Dr], padding repeating row 0 (which no token sees).
torch::Tensor resample_media(Flamingo& model, const FlamingoBatch& batch,
                             const GatherFeatures& gather);

/// Loss on text only: logits are computed for the tokens that predict a target and no others.
FlamingoLosses flamingo_losses(Flamingo& model, const FlamingoBatch& batch,
                               const GatherFeatures& gather);

/// Stage 2: everything but resampler, gated layers and additional tokens is frozen, and pictures
/// come as stored features. Logs |tanh(alpha)| of both gates of every gated layer (paper figure 6).
class FlamingoTask : public TrainTask {
 public:
  /// model: frozen as wanted (see freeze). identity: what else decides the run.
  FlamingoTask(Flamingo model, Episodes episodes, FeatureCache features, Json identity);

  torch::nn::Module& module() override { return *model_; }
  StepLosses losses(int64_t step, int64_t part) override;
  std::string item_name() const override { return "tokens"; }
  Json identity() const override { return identity_; }

 private:
  Flamingo model_;
  Episodes episodes_;
  FeatureCache features_;
  Json identity_;
  std::optional<Prefetcher<FlamingoBatch>> batches_;  ///< last: its thread reads the others
};

/// {"gate_xattn.<i>", |tanh(alpha_xattn)|} and {"gate_dense.<i>", ...} of every gated layer; means
/// of vector gates.
std::vector<Metric> gate_metrics(const Flamingo& model);

}  // namespace flamingo
