#pragma once

#include <array>
#include <functional>
#include <optional>
#include <string>
#include <vector>

#include "flamingo/data/prefetch.h"
#include "flamingo/model/flamingo.h"
#include "flamingo/parallel/parallel.h"
#include "flamingo/plan/step_shape.h"
#include "flamingo/train/mixture.h"
#include "flamingo/train/train_task.h"

namespace flamingo::train {

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
torch::Tensor resample_media(model::Flamingo& model, const FlamingoBatch& batch,
                             const GatherFeatures& gather);

/// Extents of a batch, for the plan of its step (plan/step_cost.h). Pictograms count as stored
/// features.
plan::StepShape shape_of(const FlamingoBatch& batch);

/// Loss on text only: logits are computed for the tokens that predict a target and no others.
FlamingoLosses flamingo_losses(model::Flamingo& model, const FlamingoBatch& batch,
                               const GatherFeatures& gather);

/// The loss of the same targets with all media taken away (phi = 0), in no-gradient mode. What
/// pictures are worth is its distance from the loss: text alone teaches a caption's style.
double blind_loss(model::Flamingo& model, const FlamingoBatch& batch);
/// The language model's own loss on the same targets, without gated layers.
double language_loss(model::Flamingo& model, const FlamingoBatch& batch);

/// Data that are looked at and not trained on.
struct ValidationData {
  std::vector<TrainSource> sources;
  int64_t batches = 0;  ///< of each source
};

/// Stage 2: training on a mixture of sources. Logs for each of them loss, accuracy, now and then
/// the blind loss, and |tanh(alpha)| of both gates of every gated layer (paper figure 6).
class FlamingoTask : public TrainTask {
 public:
  /// How the task runs, beside its model and data.
  struct Options {
    Json identity;             ///< what else decides the run
    int64_t blind_every = 50;  ///< steps between blind losses; 0: never
    const parallel::Parallel* parallel =
        nullptr;  ///< the mixture is this process's share; null: all of it
  };

  /// model: frozen as wanted (see freeze).
  FlamingoTask(model::Flamingo model, Mixture mixture, GatherFeatures gather, Options options);

  /// Adds validation, whose sources are drawn from their start each time.
  void set_validation(ValidationData data) { validation_ = std::move(data); }

  torch::nn::Module& module() override { return *model_; }
  int64_t begin(int64_t step) override;
  StepLosses losses(int64_t step, int64_t micro_batch) override;
  std::vector<Metric> metrics(int64_t step) override;
  std::optional<Validation> validate() override;
  Json samples() const override;
  std::vector<std::string> notes() const override;
  std::string item_name() const override { return "tokens"; }
  Json identity() const override { return options_.identity; }

 private:
  /// The sums over the processes that share a batch.
  std::vector<double> sum(const std::vector<double>& values) const;
  /// Each micro-batch's weight among this process's targets becomes that among all processes'.
  void weigh_by_all_targets();
  /// Tallies become those of all processes together.
  void add_up_tallies();

  /// What a source's micro-batches of a step add up to, each by its targets.
  struct Tally {
    double targets = 0, loss = 0, accuracy = 0, blind_loss = 0;
    double bound = 0, bound_accuracy = 0;
    auto fields() {
      return std::to_array({&targets, &loss, &accuracy, &blind_loss, &bound, &bound_accuracy});
    }
  };
  bool is_blind_step(int64_t step) const {
    return options_.blind_every > 0 && step % options_.blind_every == 0;
  }

  model::Flamingo model_;
  Mixture mixture_;
  GatherFeatures gather_;
  Options options_;
  ValidationData validation_;
  MixtureStep step_;
  std::vector<Tally> tallies_;                          ///< by source
  std::optional<data::Prefetcher<MixtureStep>> steps_;  ///< last: its thread reads the others
};

/// {"gate_xattn.<i>", |tanh(alpha_xattn)|} and {"gate_dense.<i>", ...} of every gate that there
/// is; means of vector gates.
std::vector<Metric> gate_metrics(const model::Flamingo& model);

}  // namespace flamingo::train
