#pragma once

#include <cstring>
#include <functional>
#include <string>
#include <vector>

#include "flamingo/model/freeze.h"
#include "flamingo/parallel/parallel.h"
#include "flamingo/surgery/shard_layers.h"
#include "flamingo/train/optimizer.h"
#include "tests/model/tiny_flamingo.h"
#include "tests/parallel/forked_ranks.h"

namespace flamingo::testing {

/// tiny_flamingo() with four heads of every kind, normed ones where that is a setting.
inline model::FlamingoConfig shareable_flamingo() {
  model::FlamingoConfig config = tiny_flamingo();
  config.lm.num_kv_heads = 4;
  config.lm.ffw_bias = true;
  config.resampler->heads = 4;
  config.resampler->qk_norm = true;
  config.xattn.num_heads = 4;
  config.xattn.qk_norm = true;
  config.xattn.gated_ffw = true;
  return config;
}

/// Four rows of eight tokens. Row r has r + 2 targets, and the last row shows no media item.
struct TinyBatch {
  static constexpr int64_t kRows = 4, kTokens = 8;
  model::FlamingoInput input;
  torch::Tensor media_pixels, targets;  ///< targets [B, T], -100 where there is none

  TinyBatch(int64_t step, int64_t part) {
    input.ids = (some_ids(kRows, kTokens, 42) + 5 * step + 3 * part).remainder(42);
    input.phi = torch::ones({kRows, kTokens}, torch::kInt64);
    input.phi.narrow(1, 0, 2).zero_();
    input.phi[kRows - 1].zero_();
    media_pixels = some_pixels(kRows, 1) + 0.1 * static_cast<double>(step);
    targets = (input.ids + 11).remainder(42);
    for (int64_t row = 0; row < kRows; ++row) targets[row].narrow(0, row + 2, 6 - row).fill_(-100);
  }
  void keep_rows(int64_t begin, int64_t count) {
    for (torch::Tensor* tensor : {&input.ids, &input.phi, &media_pixels, &targets})
      *tensor = tensor->narrow(0, begin, count);
  }
};

/// A training run of a few steps of two parts each, as any number of processes share it.
class TinyTraining {
 public:
  TinyTraining(const parallel::ProcessGroup& world, const parallel::ParallelConfig& config)
      : parallel_(config, world), model_(make_flamingo(shareable_flamingo())) {
    model_->vision_encoder->eval();
    model::freeze(model_, {});
    const parallel::TensorLayout layout = surgery::shard_layers(model_, parallel_.grid().tensor);
    parallel_.shard_frozen(*model_->lm->layers);
    parallel_.prepare(*model_, layout);
    optimizer_.emplace(
        train::OptimizerConfig{.lr = 0.02, .eps = 1e-3, .clip_norm = 0.5}, *model_,
        train::OptimizerShare{parallel_.moments_group(), parallel_.grid().tensor, layout});
  }

  /// -> the loss over all processes.
  double step(int64_t step) {
    constexpr int64_t kParts = 2;
    const parallel::ProcessGroup& data = parallel_.grid().data;
    double loss_sum = 0;
    for (int64_t part = 0; part < kParts; ++part) {
      TinyBatch batch(step, part);
      const int64_t rows = TinyBatch::kRows / data.size();
      batch.keep_rows(data.rank() * rows, rows);
      batch.input.media = model_->encode_media(batch.media_pixels);
      const auto logits = model_->forward(batch.input).flatten(0, 1);
      const auto sum =
          at::cross_entropy_loss(logits, batch.targets.flatten(), {}, at::Reduction::Sum);
      const auto targets = batch.targets.ge(0).sum().item<double>();
      const auto totals = data.sum({sum.item<double>(), targets});
      loss_sum += totals[0] / totals[1] / kParts;
      if (part == kParts - 1) parallel_.before_last_backward();
      (sum / (totals[1] * kParts)).backward();
    }
    parallel_.finish_gradients();
    optimizer_->clip_gradients();
    optimizer_->step(1.0);
    optimizer_->zero_grad();
    parallel_.check_weights(step);
    return loss_sum;
  }

  train::AdamW& optimizer() { return *optimizer_; }
  model::Flamingo& model() { return model_; }
  parallel::Parallel& parallel() { return parallel_; }

 private:
  parallel::Parallel parallel_;
  model::Flamingo model_;
  std::optional<train::AdamW> optimizer_;
};

/// Losses, and in the first process also the state after them, all as doubles.
struct TinyResult {
  std::vector<double> losses, state;
};

/// Steps [first, last) from a state (empty: the start).
inline std::string run_tiny(const parallel::ProcessGroup& world,
                            const parallel::ParallelConfig& config, int64_t first, int64_t last,
                            const std::vector<double>& start = {}) {
  TinyTraining training(world, config);
  if (!start.empty()) {
    const auto blank = training.optimizer().empty_state();
    const torch::NoGradGuard no_grad;
    int64_t at = 0;
    for (const auto& tensor : blank) {
      const auto count = tensor.value.numel();
      auto values =
          torch::from_blob(const_cast<double*>(start.data()) + at, {count}, torch::kFloat64);
      tensor.value.detach().copy_(values.view(tensor.value.sizes()));
      at += count;
    }
    training.optimizer().set_state(blank, first);
  }
  std::vector<double> values;
  for (int64_t step = first; step < last; ++step) values.push_back(training.step(step));
  for (const auto& tensor : training.optimizer().state()) {
    if (!tensor.value.defined() || !training.parallel().is_first()) continue;
    const auto flat = tensor.value.detach().to(torch::kFloat64).flatten();
    values.insert(values.end(), flat.data_ptr<double>(), flat.data_ptr<double>() + flat.numel());
  }
  return {reinterpret_cast<const char*>(values.data()), values.size() * sizeof(double)};
}

inline TinyResult result_of(const std::string& text, int64_t steps) {
  std::vector<double> values(text.size() / sizeof(double));
  std::memcpy(values.data(), text.data(), values.size() * sizeof(double));
  const auto middle = values.begin() + std::min<int64_t>(steps, std::ssize(values));
  return {{values.begin(), middle}, {middle, values.end()}};
}

}  // namespace flamingo::testing
