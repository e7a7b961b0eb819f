#include "flamingo/nn/mlp.h"

#include <gtest/gtest.h>
#include <torch/types.h>

#include "flamingo/nn/init.h"
#include "tests/support/tolerance.h"

namespace flamingo::nn {
namespace {

using testing::agree;
using testing::kFunction;

TEST(Mlp, PlainAndGated) {
  const auto x = torch::randn({3, 4});
  for (const bool gated : {false, true}) {
    Mlp mlp(
        MlpConfig{
            .dim = 4, .hidden = 6, .activation = Activation::kSilu, .gated = gated, .bias = true},
        torch::kFloat32);
    init_weights(*mlp, 1);
    const auto up = torch::linear(x, mlp->up_proj->weight, mlp->up_proj->bias);
    const auto hidden = gated ? torch::silu(up.slice(1, 0, 6)) * up.slice(1, 6) : torch::silu(up);
    const auto expected = torch::linear(hidden, mlp->down_proj->weight, mlp->down_proj->bias);
    EXPECT_TRUE(agree(mlp->forward(x), expected, {.terms = 4 + 6 + 2 + kFunction}));
  }
}

TEST(Mlp, InfersInBf16WhatItTrains) {
  const auto x = torch::randn({2, 30, 16}).to(torch::kBFloat16);
  for (const Activation activation : {Activation::kSilu, Activation::kGelu}) {
    Mlp mlp(
        MlpConfig{.dim = 16, .hidden = 40, .activation = activation, .gated = true, .bias = false},
        torch::kFloat32);
    init_weights(*mlp, 1);
    const auto trained = mlp->forward(x);
    EXPECT_TRUE(trained.requires_grad());
    const torch::NoGradGuard guard;
    const auto inferred = mlp->forward(x);
    EXPECT_EQ(inferred.scalar_type(), torch::kBFloat16);
    // The halves' products, their activation and product, the result: each rounded to bf16.
    EXPECT_TRUE(agree(inferred, trained, {.terms = 4}));
  }
}

}  // namespace
}  // namespace flamingo::nn
