#include "flamingo/nn/same_conv.h"

#include <gtest/gtest.h>
#include <torch/types.h>

#include <array>

#include "flamingo/core/error.h"
#include "tests/support/tolerance.h"

namespace flamingo::nn {
namespace {

TEST(SamePadding, PutsTheOddPixelBehind) {
  EXPECT_EQ(same_padding(64, 3, 2), std::make_pair(int64_t{0}, int64_t{1}));
  EXPECT_EQ(same_padding(33, 3, 2), std::make_pair(int64_t{1}, int64_t{1}));
  EXPECT_EQ(same_padding(7, 3, 1), std::make_pair(int64_t{1}, int64_t{1}));
  EXPECT_EQ(same_padding(8, 1, 2), std::make_pair(int64_t{0}, int64_t{0}));
  EXPECT_EQ(same_padding(2, 5, 1), std::make_pair(int64_t{2}, int64_t{2}));
}

TEST(SameConv, IsAConvolutionOfThePaddedPicture) {
  for (const int64_t groups : {1, 2, 6}) {
    SameConv conv(SameConvConfig{.in = 6, .out = 12, .kernel = 5, .stride = 2, .groups = groups},
                  torch::kFloat32);
    init_weights(*conv, 1);
    const torch::NoGradGuard no_grad;
    conv->bias.normal_();
    const auto x = torch::randn({2, 6, 12, 9});  // 1 and 2 zeros above and below, 2 and 2 beside
    const auto padded = at::constant_pad_nd(x, {2, 2, 1, 2});
    const auto expected = at::conv2d(padded, conv->weight, conv->bias, at::IntArrayRef{2, 2},
                                     at::IntArrayRef{0, 0}, at::IntArrayRef{1, 1}, groups);
    const auto got = conv->forward(x);
    EXPECT_EQ(got.sizes().vec(), (std::vector<int64_t>{2, 12, 6, 5}));
    EXPECT_TRUE(testing::agree(got, expected, {.terms = 6 / groups * 25 + 1})) << groups;
  }
}

TEST(SameConv, ComputesInTheTypeOfThePicture) {
  SameConv conv(SameConvConfig{.in = 4, .out = 4, .kernel = 3, .groups = 4}, torch::kFloat32);
  init_weights(*conv, 1);
  const auto x = torch::randn({1, 4, 6, 6});
  const auto rough = conv->forward(x.to(torch::kBFloat16));
  EXPECT_EQ(rough.scalar_type(), torch::kBFloat16);
  EXPECT_TRUE(testing::agree(rough, conv->forward(x), {.terms = 10}));
}

TEST(SameConv, FoldedItComputesTheSame) {
  const torch::NoGradGuard no_grad;
  const std::array<SameConvConfig, 3> configs = {
      {{.in = 8, .out = 8, .kernel = 3, .stride = 2, .most = 0.5},
       {.in = 8, .out = 8, .kernel = 3, .stride = 2, .groups = 8, .most = 0.5},
       {.in = 8, .out = 6, .most = 0.5}}};
  for (const SameConvConfig& config : configs) {
    SameConv conv(config, torch::kBFloat16);
    init_weights(*conv, 1);
    const auto x = torch::randn({2, 8, 6, 7});
    const auto plain = conv->forward(x);
    EXPECT_EQ(plain.min().item<float>(), 0);
    EXPECT_EQ(plain.max().item<float>(), 0.5);
    conv->fold();
    const int64_t terms = config.in / config.groups * config.kernel * config.kernel + 1;
    EXPECT_TRUE(testing::agree(conv->forward(x), plain, {.terms = terms}));
    conv->weight.zero_();
    conv->bias.zero_();
    EXPECT_GT(conv->forward(x).max().item<float>(), 0) << "the weights that were folded";
    conv->train();
    EXPECT_EQ(conv->forward(x).max().item<float>(), 0);
  }
}

TEST(SameConv, InitialWeightsAreScaled) {
  SameConvConfig config{.in = 4, .out = 4};
  SameConv plain(config, torch::kFloat32);
  config.init_gain = kReluGain;
  SameConv scaled(config, torch::kFloat32);
  init_weights(*plain, 1);
  init_weights(*scaled, 1);
  EXPECT_TRUE(testing::agree(scaled->weight.square(), 2 * plain->weight.square(), {.terms = 3}));
}

TEST(SameConv, RefusesExtentsThatDoNotFit) {
  const auto refused = [](const SameConvConfig& config) {
    EXPECT_THROW(SameConv(config, torch::kFloat32), Error);
  };
  refused({.in = 4, .out = 4, .groups = 3});
  refused({.in = 0, .out = 4});
  refused({.in = 4, .out = 4, .stride = 0});
  SameConv conv(SameConvConfig{.in = 4, .out = 4}, torch::kFloat32);
  EXPECT_THROW(conv->forward(torch::zeros({1, 3, 5, 5})), Error);
}

}  // namespace
}  // namespace flamingo::nn
