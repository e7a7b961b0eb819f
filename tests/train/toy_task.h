#pragma once

#include <cmath>
#include <functional>
#include <limits>
#include <string>

#include "flamingo/core/rng.h"
#include "flamingo/train/trainer.h"

namespace flamingo {

/// A two-layer regression whose batch is a function of the step.
class ToyTask : public TrainTask {
 public:
  struct Net : torch::nn::Module {
    Net() {
      torch::manual_seed(7);
      first = register_parameter("first", torch::randn({16, 8}));
      gate = register_parameter("gate", torch::zeros({16}));
      second = register_parameter("second", torch::randn({1, 16}));
      frozen = register_parameter("frozen", torch::randn({4, 4}), /*requires_grad=*/false);
    }
    torch::Tensor first, gate, second, frozen;
  };

  torch::nn::Module& module() override { return *net; }
  StepLosses losses(int64_t step) override {
    if (before_step) before_step(step);
    Rng rng = Rng::for_name(seed, std::to_string(step));
    const auto x = torch::empty({32, 8});
    for (int64_t i = 0; i < x.numel(); ++i)
      x.data_ptr<float>()[i] = static_cast<float>(rng.normal());
    const auto y = x.sum(1, /*keepdim=*/true);
    const auto hidden = at::tanh(at::linear(x, net->first) + net->gate);
    auto loss = (at::linear(hidden, net->second) - y).pow(2).mean();
    if (poison && poison(step)) loss = loss * std::numeric_limits<float>::quiet_NaN();
    return {loss, 32, {{"toy", static_cast<double>(step)}}};
  }
  std::string item_name() const override { return "rows"; }
  Json identity() const override { return {{"seed", seed}}; }

  uint64_t seed = 3;
  std::shared_ptr<Net> net = std::make_shared<Net>();
  std::function<void(int64_t)> before_step;
  std::function<bool(int64_t)> poison;
};

inline TrainConfig toy_config(const std::string& output) {
  TrainConfig config;
  config.output = output;
  config.steps = 40;
  config.checkpoint_every = 7;
  config.optimizer.lr = 0.02;
  config.schedule = {.warmup = 4, .decay = Decay::kCosine, .final_fraction = 0.1};
  return config;
}

}  // namespace flamingo
