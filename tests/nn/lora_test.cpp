#include "flamingo/nn/lora.h"

#include <gtest/gtest.h>
#include <torch/types.h>

#include "flamingo/core/error.h"
#include "flamingo/nn/init.h"
#include "flamingo/nn/linear.h"
#include "tests/support/tolerance.h"

namespace flamingo::nn {
namespace {

using testing::agree;

/// Of outputs: products of 6 inputs with a weight to which 2 products are added, and a bias.
constexpr testing::Rounding kRounding{.terms = 6 + 2 + 2};

Linear frozen_linear() {
  Linear linear(6, 4, true, torch::TensorOptions(torch::kFloat32));
  init_weights(*linear, 3);
  for (auto& parameter : linear->parameters()) parameter.set_requires_grad(false);
  return linear;
}

TEST(Lora, StartsAsTheFrozenLayerAndOnlyItsFactorsLearn) {
  Linear linear = frozen_linear();
  const auto x = torch::randn({2, 3, 6});
  const auto before = linear->forward(x);
  linear->add_lora(2, 8);
  init_weights(*linear->lora, 1);
  EXPECT_TRUE(linear->forward(x).equal(before));
  linear->forward(x).pow(2).sum().backward();
  EXPECT_TRUE(linear->lora->b.grad().abs().sum().item<double>() > 0);
  EXPECT_FALSE(linear->weight.grad().defined());
}

TEST(Lora, IsTheLayerWithTheChangedWeightAndCanBeMerged) {
  Linear linear = frozen_linear();
  linear->add_lora(2, 8);
  const torch::NoGradGuard no_grad;
  linear->lora->a.copy_(torch::randn({2, 6}));
  linear->lora->b.copy_(torch::randn({4, 2}));
  const auto x = torch::randn({5, 6});
  const auto changed = linear->weight + 4.0 * at::matmul(linear->lora->b, linear->lora->a);
  const auto expected = at::linear(x, changed, linear->bias);
  EXPECT_TRUE(agree(linear->forward(x), expected, kRounding));
  linear->merge_lora();
  EXPECT_EQ(linear->parameters().size(), 2u);
  EXPECT_TRUE(agree(linear->forward(x), expected, kRounding));
}

TEST(Lora, RefusesRanksThatDoNotFit) {
  Linear linear = frozen_linear();
  EXPECT_THROW(linear->add_lora(0, 1), Error);
  EXPECT_THROW(linear->add_lora(5, 1), Error);
  linear->add_lora(4, 1);
  EXPECT_THROW(linear->add_lora(1, 1), Error);
}

}  // namespace
}  // namespace flamingo::nn
