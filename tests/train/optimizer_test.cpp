#include "flamingo/train/optimizer.h"

#include <ATen/Parallel.h>
#include <gtest/gtest.h>
#include <torch/nn/module.h>
#include <torch/optim/adamw.h>

#include <cmath>
#include <limits>

#include "flamingo/core/error.h"
#include "tests/parallel/forked_ranks.h"
#include "tests/support/rounding.h"
#include "tests/support/seed.h"
#include "tests/support/tolerance.h"

namespace flamingo::train {
namespace {

using testing::kFunction;
using testing::rounding;

/// Of parameters of size 1 after `steps` updates of some ten operations each.
double tolerance(int64_t steps) { return rounding<float>(10 * steps + 2 * kFunction, 1); }

/// A matrix, a vector and a frozen matrix.
struct Toy : torch::nn::Module {
  explicit Toy(uint64_t seed) {
    torch::manual_seed(testing::seeded(seed));
    weight = register_parameter("part_weight", torch::randn({3, 4}));
    gate = register_parameter("alpha_gate", torch::randn({5}));
    frozen = register_parameter("frozen", torch::randn({2, 2}), /*requires_grad=*/false);
  }
  torch::Tensor weight, gate, frozen;
};

void set_gradients(Toy& toy, int64_t step) {
  torch::manual_seed(testing::seeded(1000 + step));
  toy.weight.mutable_grad() = torch::randn({3, 4});
  toy.gate.mutable_grad() = torch::randn({5});
}

OptimizerConfig plain_config() {
  return {.lr = 0.01, .beta1 = 0.9, .beta2 = 0.98, .weight_decay = 0.1, .clip_norm = 0};
}

TEST(AdamW, EqualsLibtorch) {
  Toy ours(1), theirs(1);
  AdamW optimizer(plain_config(), ours);
  std::vector<torch::optim::OptimizerParamGroup> groups;
  const auto options = [](double decay) {
    return std::make_unique<torch::optim::AdamWOptions>(
        torch::optim::AdamWOptions(0.01).betas({0.9, 0.98}).eps(1e-8).weight_decay(decay));
  };
  groups.emplace_back(std::vector<torch::Tensor>{theirs.weight}, options(0.1));
  groups.emplace_back(std::vector<torch::Tensor>{theirs.gate}, options(0.0));
  torch::optim::AdamW reference(groups, torch::optim::AdamWOptions(0.01));
  for (int64_t step = 0; step < 20; ++step) {
    set_gradients(ours, step);
    set_gradients(theirs, step);
    optimizer.step(1.0);
    reference.step();
  }
  EXPECT_LT((ours.weight - theirs.weight).abs().max().item<double>(), tolerance(20));
  EXPECT_LT((ours.gate - theirs.gate).abs().max().item<double>(), tolerance(20));
}

TEST(AdamW, EqualsThePlainFormula) {
  Toy toy(2);
  double p = toy.weight[0][0].item<double>(), m = 0, v = 0;
  AdamW optimizer(plain_config(), toy);
  for (int64_t t = 1; t <= 10; ++t) {
    set_gradients(toy, t);
    const double g = toy.weight.grad()[0][0].item<double>(), lr = 0.01 * 0.5;
    m = 0.9 * m + 0.1 * g;
    v = 0.98 * v + 0.02 * g * g;
    p -= lr * 0.1 * p;
    p -= lr * (m / (1 - std::pow(0.9, t))) / (std::sqrt(v / (1 - std::pow(0.98, t))) + 1e-8);
    optimizer.step(0.5);
  }
  EXPECT_NEAR(toy.weight[0][0].item<double>(), p, tolerance(10));
}

/// One long vector without weight decay and a matrix with it: whole registers and their remainders.
struct Wide : torch::nn::Module {
  Wide() {
    torch::manual_seed(testing::seeded(11));
    weight = register_parameter("weight", torch::randn({37, 41}));
    bias = register_parameter("bias", torch::randn({100'003}));
  }
  void set_gradients(int64_t step) {
    torch::manual_seed(testing::seeded(2000 + step));
    weight.mutable_grad() = torch::randn({37, 41});
    bias.mutable_grad() = torch::randn({100'003});
  }
  torch::Tensor weight, bias;
};

/// A parameter and its moments, updated scalar by scalar.
struct PlainAdamW {
  torch::Tensor value, moment1, moment2;
  double weight_decay = 0;

  explicit PlainAdamW(const torch::Tensor& parameter, double decay)
      : value(parameter.detach().clone()),
        moment1(torch::zeros_like(value)),
        moment2(torch::zeros_like(value)),
        weight_decay(decay) {}

  void step(const torch::Tensor& gradient, const OptimizerConfig& config, int64_t t) {
    const auto number = [](double x) { return static_cast<float>(x); };
    const float beta1 = number(config.beta1), beta2 = number(config.beta2);
    const float size = number(config.lr / (1 - std::pow(config.beta1, t)));
    const float root = number(std::sqrt(1 - std::pow(config.beta2, t)));
    const float keep = number(1 - config.lr * weight_decay), eps = number(config.eps);
    float *p = value.data_ptr<float>(), *m = moment1.data_ptr<float>(),
          *v = moment2.data_ptr<float>();
    const float* g = gradient.const_data_ptr<float>();
    for (int64_t i = 0; i < value.numel(); ++i) {
      m[i] = beta1 * m[i] + (1 - beta1) * g[i];
      v[i] = beta2 * v[i] + (1 - beta2) * g[i] * g[i];
      p[i] = keep * p[i] - size * m[i] / (std::sqrt(v[i]) / root + eps);
    }
  }
};

TEST(AdamW, EqualsThePlainLoopAndContinuesItsState) {
  Wide wide;
  OptimizerConfig config = plain_config();
  config.eps = 0.05;  // large enough to show where it is added
  AdamW optimizer(config, wide);
  PlainAdamW weight(wide.weight, config.weight_decay), bias(wide.bias, 0);
  for (int64_t t = 1; t <= 12; ++t) {
    wide.set_gradients(t);
    weight.step(wide.weight.grad(), config, t);
    bias.step(wide.bias.grad(), config, t);
    if (t == 6) {  // as a checkpoint of the plain loop
      optimizer.set_state({{"", weight.value},
                           {"", weight.moment1},
                           {"", weight.moment2},
                           {"", bias.value},
                           {"", bias.moment1},
                           {"", bias.moment2}},
                          t);
    } else {
      optimizer.step(1.0);
    }
    const auto state = optimizer.state();
    const torch::Tensor expected[] = {weight.value, weight.moment1, weight.moment2,
                                      bias.value,   bias.moment1,   bias.moment2};
    for (size_t i = 0; i < state.size(); ++i) {
      EXPECT_TRUE(testing::agree(state[i].value, expected[i], {.terms = 10 * t + 2 * kFunction}))
          << state[i].name << " after " << t;
    }
  }
}

TEST(AdamW, IsTheSameByAnyNumberOfThreads) {
  const int threads = at::get_num_threads();
  std::vector<torch::Tensor> biases;
  for (const int count : {1, 2, 3}) {
    at::set_num_threads(count);
    Wide wide;
    AdamW optimizer(plain_config(), wide);
    for (int64_t t = 0; t < 3; ++t) {
      wide.set_gradients(t);
      optimizer.step(1.0);
    }
    biases.push_back(wide.bias.detach());
  }
  at::set_num_threads(threads);
  EXPECT_TRUE(biases[1].equal(biases[0]));
  EXPECT_TRUE(biases[2].equal(biases[0]));
}

TEST(AdamW, FrozenParametersAndMissingGradientsStay) {
  Toy toy(3);
  const auto frozen = toy.frozen.clone(), gate = toy.gate.detach().clone();
  AdamW optimizer(plain_config(), toy);
  EXPECT_EQ(optimizer.num_trained(), 17);
  set_gradients(toy, 0);
  toy.gate.mutable_grad().reset();
  optimizer.step(1.0);
  EXPECT_TRUE(toy.frozen.equal(frozen));
  EXPECT_TRUE(toy.gate.equal(gate));
  optimizer.zero_grad();
  EXPECT_FALSE(toy.weight.grad().defined());
}

TEST(AdamW, RulesSetRateAndDecay) {
  Toy toy(4);
  OptimizerConfig config = plain_config();
  config.rules = {{.contains = "alpha_", .lr_scale = 5.0, .weight_decay = 0.0},
                  {.contains = "part_", .weight_decay = 0.0}};
  AdamW optimizer(config, toy);
  set_gradients(toy, 0);
  const auto weight = toy.weight.detach().clone(), gate = toy.gate.detach().clone();
  optimizer.step(1.0);  // the first Adam step moves by the learning rate
  const double rounded = rounding<float>(1, toy.weight.abs().max().item<double>()) +
                         rounding<float>(1, toy.gate.abs().max().item<double>());
  EXPECT_NEAR((toy.weight - weight).abs().max().item<double>(), 0.01, rounded);
  EXPECT_NEAR((toy.gate - gate).abs().max().item<double>(), 0.05, rounded);
}

TEST(AdamW, RefusesUselessInput) {
  Toy toy(5);
  OptimizerConfig config = plain_config();
  config.rules = {{.contains = "no such name"}};
  EXPECT_THROW(AdamW(config, toy), Error);
  toy.weight.set_requires_grad(false);
  toy.gate.set_requires_grad(false);
  EXPECT_THROW(AdamW(plain_config(), toy), Error);
  config = plain_config();
  config.beta2 = 1.0;
  EXPECT_THROW(config.validate(), Error);
}

TEST(AdamW, ClipsByTheCommonNorm) {
  Toy toy(6);
  OptimizerConfig config = plain_config();
  config.clip_norm = 0.5;
  AdamW optimizer(config, toy);
  set_gradients(toy, 0);
  const double before = std::sqrt(toy.weight.grad().pow(2).sum().item<double>() +
                                  toy.gate.grad().pow(2).sum().item<double>());
  const auto direction = toy.gate.grad().clone();
  EXPECT_NEAR(optimizer.clip_gradients(), before, rounding<float>(17 + kFunction, before));
  EXPECT_LT((toy.gate.grad() - direction * (0.5 / before)).abs().max().item<double>(),
            rounding<float>(17 + 2 * kFunction, 0.5));
  EXPECT_NEAR(optimizer.clip_gradients(), 0.5, rounding<float>(2 * (17 + kFunction), 0.5));
}

TEST(AdamW, NonFiniteGradientIsReportedAndNotScaled) {
  Toy toy(7);
  OptimizerConfig config = plain_config();
  config.clip_norm = 0.5;
  AdamW optimizer(config, toy);
  set_gradients(toy, 0);
  toy.gate.mutable_grad()[2] = std::numeric_limits<float>::infinity();
  const auto weight_gradient = toy.weight.grad().clone();
  EXPECT_FALSE(std::isfinite(optimizer.clip_gradients()));
  EXPECT_TRUE(toy.weight.grad().equal(weight_gradient));
}

TEST(AdaptiveClip, EqualsTheFormulaPerUnit) {
  const auto weight = torch::randn({4, 3, 2, 2});
  weight[3].zero_();  // its norm counts as 1e-3
  auto gradient = torch::randn({4, 3, 2, 2});
  gradient[1] *= 1e-4;  // short enough to stay
  const auto before = gradient.clone();
  const double clip = 0.01;
  clip_adaptively(weight, gradient, clip);
  for (int64_t unit = 0; unit < 4; ++unit) {
    const double w = std::max(weight[unit].norm().item<double>(), 1e-3),
                 g = before[unit].norm().item<double>();
    const double factor = g > clip * w ? clip * w / std::max(g, 1e-6) : 1.0;
    EXPECT_LT((gradient[unit] - before[unit] * factor).abs().max().item<double>(),
              rounding<float>(2 * 12 + 3 * kFunction, factor * g))
        << unit;
  }
  EXPECT_TRUE(gradient[1].equal(before[1]));
}

TEST(AdaptiveClip, VectorsAndGainsAreOneUnit) {
  const auto weight = torch::randn({6, 1, 1, 1});
  auto gradient = torch::randn({6, 1, 1, 1}) * 10;
  const auto before = gradient.clone();
  clip_adaptively(weight, gradient, 0.1);
  const double factor = 0.1 * weight.norm().item<double>() / before.norm().item<double>();
  EXPECT_LT((gradient - before * factor).abs().max().item<double>(),
            rounding<float>(2 * 6 + 3 * kFunction, factor * before.norm().item<double>()));
}

TEST(AdamW, AdaptivelyClippedParametersLeaveTheCommonNorm) {
  Toy toy(10);
  OptimizerConfig config = plain_config();
  config.clip_norm = 1.0;
  config.rules = {{.contains = "part_", .adaptive_clip = 0.01}};
  AdamW optimizer(config, toy);
  set_gradients(toy, 0);
  toy.gate.mutable_grad() = torch::full({5}, 0.01f);
  const auto gate = toy.gate.grad().clone();
  optimizer.clip_gradients();
  EXPECT_TRUE(toy.gate.grad().equal(gate));
  for (int64_t row = 0; row < 3; ++row) {
    EXPECT_LE(toy.weight.grad()[row].norm().item<double>(),
              0.01 * toy.weight[row].norm().item<double>() *
                  (1 + rounding<float>(3 * 4 + 3 * kFunction, 1)));
  }
}

/// Values of the whole state after three updates.
std::vector<torch::Tensor> shared_updates(const parallel::ProcessGroup& group) {
  Toy toy(1);
  AdamW optimizer(plain_config(), toy, {.moments = group});
  for (int64_t step = 0; step < 3; ++step) {
    set_gradients(toy, step);
    optimizer.step(1.0);
  }
  std::vector<torch::Tensor> values;
  for (const auto& tensor : optimizer.state()) values.push_back(tensor.value);
  values.push_back(toy.weight);
  values.push_back(toy.gate);
  return values;
}

TEST(AdamW, ProcessesShareTheMomentsAndHaveTheSameParameters) {
  const auto expected = shared_updates({});
  const auto texts = testing::texts_of(2, [&](const parallel::ProcessGroup& group) -> std::string {
    const auto actual = shared_updates(group);
    for (size_t i = 0; i < expected.size(); ++i) {
      const bool state = i + 2 < expected.size();
      if (state && group.rank() > 0 ? actual[i].defined() : !actual[i].equal(expected[i]))
        return "other " + std::to_string(i);
    }
    return "";
  });
  for (const auto& text : texts) EXPECT_EQ(text, "");
}

}  // namespace
}  // namespace flamingo::train
