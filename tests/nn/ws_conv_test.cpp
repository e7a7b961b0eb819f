#include "flamingo/nn/ws_conv.h"

#include <gtest/gtest.h>
#include <torch/types.h>

#include "flamingo/core/error.h"
#include "flamingo/nn/init.h"
#include "tests/support/tolerance.h"

namespace flamingo::nn {
namespace {

using testing::agree;

WsConv make(WsConvConfig config) {
  WsConv conv(config, torch::kFloat32);
  init_weights(*conv, 1);
  return conv;
}

TEST(WsConv, StandardisedRowsHaveMeanZeroAndTheWantedNorm) {
  for (const WsFloor floor : {WsFloor::kClamp, WsFloor::kAdd}) {
    auto conv =
        make({.in = 8, .out = 5, .kernel = 3, .input_scale = 2.0, .eps = 1e-9, .floor = floor});
    {
      const torch::NoGradGuard no_grad;
      conv->gain.fill_(3.0);
      conv->weight.add_(0.7);
    }
    const auto rows = conv->standardised().flatten(1);
    // The shift by 0.7 is taken off again, and what it hid of the rows is scaled up with them.
    const double spread = conv->weight.flatten(1).std(1).min().item<double>();
    const double lost = testing::rounding<float>(72 + testing::kFunction, 1 + 0.7 / spread);
    EXPECT_LT(rows.mean(1).abs().max().item<float>(), lost);
    // sum of squares = (gain * input_scale)^2 * N var / (N var)
    EXPECT_LT((rows.square().sum(1) - 36.0).abs().max().item<float>(), 36 * 2 * lost);
  }
}

TEST(WsConv, FloorsKeepAConstantWeightFinite) {
  for (const WsFloor floor : {WsFloor::kClamp, WsFloor::kAdd}) {
    auto conv = make({.in = 2, .out = 3, .floor = floor});
    {
      const torch::NoGradGuard no_grad;
      conv->weight.fill_(0.5);
    }
    EXPECT_EQ(conv->standardised().abs().max().item<float>(), 0.0F);
  }
}

TEST(WsConv, ClampAndAddDifferAsTheirFormulasSay) {
  auto clamp = make({.in = 4, .out = 2, .eps = 0.01, .floor = WsFloor::kClamp});
  auto add = make({.in = 4, .out = 2, .eps = 0.01, .floor = WsFloor::kAdd});
  const auto w = clamp->weight.detach().flatten(1);
  const auto centred = w - w.mean(1, true);
  const auto var = w.var(1, /*unbiased=*/false).unsqueeze(1);
  const testing::Rounding rounding{.terms = 2 * 4 + testing::kFunction};
  EXPECT_TRUE(agree(clamp->standardised().flatten(1), centred / (4 * var).clamp_min(0.01).sqrt(),
                    rounding));
  EXPECT_TRUE(agree(add->standardised().flatten(1), centred / (4 * (var + 0.01)).sqrt(), rounding));
}

TEST(WsConv, InputScaleEqualsScalingTheInput) {
  auto scaled =
      make({.in = 4, .out = 6, .kernel = 3, .stride = 2, .groups = 2, .input_scale = 1.7});
  auto plain = make({.in = 4, .out = 6, .kernel = 3, .stride = 2, .groups = 2});
  const auto x = torch::randn({2, 4, 9, 6});
  const auto y = scaled->forward(x);
  EXPECT_EQ(y.sizes().vec(), (std::vector<int64_t>{2, 6, 5, 3}));
  EXPECT_TRUE(agree(y, plain->forward(x * 1.7), {.terms = 2 * 9 + 2 + testing::kFunction}));
}

TEST(WsConv, FoldedEqualsUnfoldedUntilTraining) {
  auto conv = make({.in = 4, .out = 4, .kernel = 3});
  const auto x = torch::randn({1, 4, 5, 5});
  const auto expected = conv->forward(x);
  conv->eval();
  conv->fold(torch::kFloat32);
  EXPECT_TRUE(conv->forward(x).equal(expected));
  {
    const torch::NoGradGuard no_grad;
    conv->gain.fill_(2.0);
  }
  EXPECT_TRUE(conv->forward(x).equal(expected));
  conv->train();
  EXPECT_FALSE(agree(conv->forward(x), expected, {.terms = 4 * 9}));
}

TEST(WsConv, ComputesInTheTypeOfX) {
  auto conv = make({.in = 4, .out = 4, .kernel = 3});
  const auto x = torch::randn({1, 4, 5, 5});
  const auto y = conv->forward(x.to(torch::kBFloat16));
  EXPECT_EQ(y.scalar_type(), torch::kBFloat16);
  EXPECT_TRUE(agree(y, conv->forward(x), {.terms = 3}));  // input, weight and result are rounded
}

TEST(WsConv, RefusesWrongChannels) {
  auto conv = make({.in = 4, .out = 4});
  EXPECT_THROW(conv->forward(torch::zeros({1, 3, 5, 5})), Error);
  EXPECT_THROW(WsConv(WsConvConfig{.in = 4, .out = 6, .groups = 4}, torch::kFloat32), Error);
}

}  // namespace
}  // namespace flamingo::nn
