#pragma once

#include <functional>
#include <memory>
#include <optional>
#include <span>
#include <string>
#include <vector>

#include "flamingo/data/data_source.h"
#include "flamingo/data/prefetch.h"
#include "flamingo/parallel/parallel.h"
#include "flamingo/train/contrastive_step.h"
#include "flamingo/train/mixture.h"
#include "flamingo/train/train_task.h"

namespace flamingo::train {

/// A source of captions and what its loss counts.
struct WeightedCaptions {
  std::shared_ptr<data::CaptionSource> source;
  double weight = 1;  ///< lambda_m
};

/// Captioned pictures that are looked at and not trained on.
struct CaptionValidation {
  std::vector<WeightedCaptions> sources;
  int64_t batches = 0;  ///< of each source
};

/// The contrastive stage as a training task: every source's batch in a step of its own
/// (accumulate), one source a step (round_robin), or all in one batch (merged). Logs for each
/// source the loss and R@1 in both directions within the batch of all processes, and the inverse
/// temperature.
class ContrastiveTask : public TrainTask {
 public:
  /// How the task runs, beside its model and data.
  struct Options {
    Json identity;  ///< what else decides the run
    uint64_t seed = 1;
    bool bf16 = true;
    int64_t max_tokens = 32;                       ///< of a caption
    MixtureConfig mixture;                         ///< micro_batch: pictures at once; 0: all
    const parallel::Parallel* parallel = nullptr;  ///< who shares the batches; null: nobody
    /// Views that sources show by reference -> features of the trunk [N, P, D0].
    std::function<torch::Tensor(std::span<const data::ViewRef>)> features;
  };

  ContrastiveTask(std::shared_ptr<TwoTowers> towers, CaptionLanguage language,
                  std::vector<WeightedCaptions> sources, Options options);

  /// Adds validation, whose sources are drawn from their start each time.
  void set_validation(CaptionValidation data) { validation_ = std::move(data); }

  torch::nn::Module& module() override { return *towers_; }
  int64_t begin(int64_t step) override;
  StepLosses losses(int64_t step, int64_t micro_batch) override;
  std::vector<Metric> metrics(int64_t step) override;
  /// R@1 in both directions over the gallery of all batches of a source, and its mean loss.
  std::optional<Validation> validate() override;
  std::vector<std::string> notes() const override;
  std::string item_name() const override { return "pictures"; }
  Json identity() const override { return options_.identity; }

 private:
  /// One batch of a step.
  struct Batch {
    size_t source = 0;  ///< index into names_
    double weight = 1;
    CaptionedRows rows;
    std::vector<std::string> damaged;
  };
  /// A micro-batch: all of a batch, or a piece of one.
  struct MicroBatch {
    size_t batch = 0, first = 0, count = 0;
  };

  parallel::ProcessGroup group() const;
  std::vector<Batch> make_batches(int64_t step) const;
  /// Of source s; its pictures' drop seeds follow from (seed, step, row of the whole batch).
  Batch make_batch(size_t s, int64_t index, int64_t step) const;
  CaptionedRows rows_of(const data::CaptionedBatch& batch, uint64_t drop_seed) const;
  std::pair<double, std::vector<Metric>> look_at(const WeightedCaptions& data);

  std::shared_ptr<TwoTowers> towers_;
  CaptionLanguage language_;
  std::vector<WeightedCaptions> sources_;
  Options options_;
  std::vector<std::string> names_;
  CaptionValidation validation_;
  std::vector<Batch> batches_;
  std::vector<MicroBatch> micro_batches_;
  std::optional<CachedGradients> cached_;  ///< of the batch under way, where it goes in pieces
  std::vector<std::pair<size_t, GlobalLoss>> seen_;  ///< of the step's batches, by source
  std::optional<data::Prefetcher<std::vector<Batch>>>
      steps_;  ///< last: its thread reads the others
};

}  // namespace flamingo::train
