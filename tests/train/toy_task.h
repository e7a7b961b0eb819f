#pragma once

#include <cmath>
#include <functional>
#include <limits>
#include <string>

#include "flamingo/core/rng.h"
#include "flamingo/train/trainer.h"
#include "tests/support/seed.h"

namespace flamingo {

/// A two-layer regression whose batch is a function of the step.
class ToyTask : public train::TrainTask {
 public:
  struct Net : torch::nn::Module {
    Net() {
      torch::manual_seed(testing::seeded(7));
      first = register_parameter("first", torch::randn({16, 8}));
      gate = register_parameter("gate", torch::zeros({16}));
      second = register_parameter("second", torch::randn({1, 16}));
      frozen = register_parameter("frozen", torch::randn({4, 4}), /*requires_grad=*/false);
    }
    torch::Tensor first, gate, second, frozen;
  };

  torch::nn::Module& module() override { return *net; }
  int64_t begin(int64_t step) override {
    if (before_step) before_step(step);
    return micro_batches;
  }
  train::StepLosses losses(int64_t step, int64_t micro_batch) override {
    const int64_t rows = kRows / micro_batches;
    const auto x = inputs(step).narrow(0, micro_batch * rows, rows);
    const auto y = x.sum(1, /*keepdim=*/true);
    const auto hidden = at::tanh(at::linear(x, net->first) + net->gate);
    auto loss = (at::linear(hidden, net->second) - y).pow(2).mean();
    if (poison && poison(step) && micro_batch == micro_batches - 1) {
      loss = loss * std::numeric_limits<float>::quiet_NaN();
    }
    return {.loss = loss, .items = rows, .weight = 1.0 / static_cast<double>(micro_batches)};
  }
  std::vector<train::Metric> metrics(int64_t step) override {
    return {{"toy", static_cast<double>(step)}};
  }
  Json samples() const override { return {"a", "b"}; }
  std::optional<train::Validation> validate() override {
    if (valid_losses.empty()) return {};
    const double loss = valid_losses.front();
    valid_losses.erase(valid_losses.begin());
    return train::Validation{.loss = loss, .metrics = {}};
  }
  std::string item_name() const override { return "rows"; }
  Json identity() const override { return {{"seed", seed}}; }

  static constexpr int64_t kRows = 32;

  uint64_t seed = 3;
  int64_t micro_batches = 1;  ///< a step's rows are cut into so many
  /// Operations of a step: products of [32, 8] x [8, 16] and [32, 16] x [16, 1], the weights'
  /// gradients and that of what is between them.
  static constexpr double kFlops = 2 * (2 * kRows * 8 * 16) + 3 * (2 * kRows * 16);
  std::shared_ptr<Net> net = std::make_shared<Net>();
  std::function<void(int64_t)> before_step;
  std::function<bool(int64_t)> poison;
  std::vector<double> valid_losses;  ///< what validations give, in order

 private:
  torch::Tensor inputs(int64_t step) const {
    Rng rng = Rng::for_name(seed, std::to_string(step));
    auto x = torch::empty({kRows, 8});
    for (int64_t i = 0; i < x.numel(); ++i)
      x.data_ptr<float>()[i] = static_cast<float>(rng.normal());
    return x;
  }
};

inline train::TrainConfig toy_config(const std::string& output) {
  train::TrainConfig config;
  config.output = output;
  config.steps = 40;
  config.checkpoint_every = 7;
  config.optimizer.lr = 0.02;
  config.schedule = {.warmup = 4, .decay = train::Decay::kCosine, .final_fraction = 0.1};
  return config;
}

}  // namespace flamingo
