#include "flamingo/vision/nfnet.h"

#include <gtest/gtest.h>
#include <torch/types.h>

#include <cmath>
#include <map>

#include "flamingo/core/error.h"
#include "tests/support/tolerance.h"

namespace flamingo::vision {
namespace {

using testing::rounding;
using testing::tolerance_of;

NfnetConfig tiny_nfnet() {
  NfnetConfig config;
  config.image_size = 32;
  config.stem_channels = {8, 16};
  config.stem_strides = {2, 2};
  config.depths = {1, 2};
  config.widths = {16, 32};
  config.strides = {1, 2};
  config.group_width = 8;
  config.skip_gain_init = 0.5;
  config.final_width = 24;
  return config;
}

Nfnet make(const NfnetConfig& config, torch::ScalarType type = torch::kFloat32) {
  Nfnet net(config, type);
  nn::init_weights(*net, 5);
  return net;
}

/// Terms of the longest way through tiny_nfnet(): two convolutions of the stem, four of each of
/// up to three blocks with their squeeze and excitation, the last one; standardised weights.
constexpr int64_t kTerms = 2 * (3 * 9 + 8 * 9) + 3 * 2 * (16 + 2 * 8 * 9 + 16 + 2 * 32) + 2 * 32;

TEST(Nfnet, GivesOneFeaturePerPatchFromTheTopLeft) {
  auto net = make(tiny_nfnet());
  const auto pixels = torch::randn({2, 3, 32, 40});
  const auto map = net->feature_map(pixels);
  const auto features = net->forward(pixels);
  EXPECT_EQ(map.sizes().vec(), (std::vector<int64_t>{2, 24, 4, 5}));
  ASSERT_EQ(features.sizes().vec(), (std::vector<int64_t>{2, 20, 24}));
  EXPECT_TRUE(features.select(1, 7).equal(map.select(2, 1).select(2, 2)));
  EXPECT_EQ(net->dim(), 24);
}

TEST(Nfnet, TapsAllStages) {
  auto net = make(tiny_nfnet());
  std::map<std::string, std::vector<int64_t>> shapes;
  net->feature_map(
      torch::randn({1, 3, 32, 32}), {},
      [&](const std::string& name, const torch::Tensor& x) { shapes[name] = x.sizes().vec(); });
  EXPECT_EQ(shapes.at("stem"), (std::vector<int64_t>{1, 16, 8, 8}));
  EXPECT_EQ(shapes.at("stage.0"), (std::vector<int64_t>{1, 16, 8, 8}));
  EXPECT_EQ(shapes.at("stage.1"), (std::vector<int64_t>{1, 32, 4, 4}));
  EXPECT_EQ(shapes.at("feature_map"), (std::vector<int64_t>{1, 24, 4, 4}));
}

TEST(Nfnet, ZeroSkipGainLeavesOnlyShortcuts) {
  NfnetConfig config = tiny_nfnet();
  config.skip_gain_init = 0.0;
  auto net = make(config);
  const auto pixels = torch::randn({1, 3, 32, 32});
  const auto before = net->forward(pixels);
  {
    const torch::NoGradGuard no_grad;
    for (auto& item : net->named_parameters()) {
      if (item.key().find("conv2.weight") != std::string::npos &&
          item.key().starts_with("stages")) {
        item.value().normal_();
      }
    }
  }
  EXPECT_TRUE(net->forward(pixels).equal(before));
}

TEST(Nfnet, BFloat16IsCloseToFloat) {
  auto net = make(tiny_nfnet());
  const auto pixels = torch::randn({2, 3, 32, 32});
  const auto exact = net->forward(pixels);
  const auto rough = net->forward(pixels.to(torch::kBFloat16));
  EXPECT_EQ(rough.scalar_type(), torch::kBFloat16);
  const double scale = exact.abs().max().item<double>();
  // About 10 roundings of 2^-9 each along the deepest path.
  EXPECT_LT((rough.to(torch::kFloat32) - exact).abs().max().item<double>(), 0.04 * scale);
}

TEST(Nfnet, FoldedEqualsUnfolded) {
  auto net = make(tiny_nfnet());
  net->eval();
  const auto pixels = torch::randn({1, 3, 32, 32});
  const auto expected = net->forward(pixels);
  net->fold(torch::kFloat32);
  EXPECT_TRUE(net->forward(pixels).equal(expected));
}

/// first, first + 1, ...: a seed for each picture.
std::vector<uint64_t> numbers_from(uint64_t first, size_t count) {
  std::vector<uint64_t> numbers(count);
  for (uint64_t& number : numbers) number = first++;
  return numbers;
}

TEST(Nfnet, WhatIsDroppedOfAPictureDoesNotDependOnItsNeighbours) {
  NfnetConfig config = tiny_nfnet();
  config.stochastic_depth = 0.9;
  auto net = make(config);
  const auto pixels = torch::randn({8, 3, 32, 32});
  const auto seeds = numbers_from(20, 8);
  const auto all = net->forward(pixels, seeds);
  const auto half = net->forward(pixels.slice(0, 4), std::span(seeds).subspan(4));
  EXPECT_LT((all.slice(0, 4) - half).abs().max().item<double>(),
            tolerance_of(half, half, {.terms = kTerms}));
  EXPECT_THROW(net->forward(pixels, std::span(seeds).first(3)), Error);
}

TEST(Nfnet, StochasticDepthDependsOnTheSeedAndOnTrainingOnly) {
  NfnetConfig config = tiny_nfnet();
  config.stochastic_depth = 0.9;
  auto net = make(config);
  const auto pixels = torch::randn({16, 3, 32, 32});
  const auto whole = net->forward(pixels);
  const auto seeds = numbers_from(3, 16), others = numbers_from(4, 16);
  EXPECT_TRUE(net->forward(pixels, seeds).equal(net->forward(pixels, seeds)));
  EXPECT_FALSE(net->forward(pixels, seeds).equal(net->forward(pixels, others)));
  net->eval();
  EXPECT_TRUE(net->forward(pixels, seeds).equal(whole));
}

TEST(Nfnet, StochasticDepthDropsWholeSamplesWithoutRescaling) {
  NfnetConfig config = tiny_nfnet();
  config.stochastic_depth = 0.9;
  config.depths = {1, 1};  // block 1 of 2 is dropped at 0.9 * 1 / 2
  auto net = make(config);
  const auto pixels = torch::randn({1, 3, 32, 32}).expand({400, -1, -1, -1});
  const auto whole = net->forward(pixels.slice(0, 0, 1));
  const auto dropped = net->forward(pixels, numbers_from(11, 400));
  const double rounded = tolerance_of(dropped, whole, {.terms = kTerms});
  const auto same = (dropped - whole).abs().amax({1, 2}) < rounded;
  const double kept = static_cast<double>(same.sum().item<int64_t>()) / 400;
  EXPECT_NEAR(kept, 0.55, 6 * std::sqrt(0.55 * 0.45 / 400));
  const auto others = dropped.index({same.logical_not()});
  EXPECT_LT((others - others[0]).abs().max().item<double>(),
            rounded);  // one other value: the shortcut alone
}

struct Slope {
  double value = 0;
  double left = 0;  ///< what is left of the curvature's part
};

/// Of value() as `parameter` moves along `along`: central differences over delta, 2 delta and
/// 4 delta, of which two at a time are extrapolated to 0. The finer one is off by 1/16 of what the
/// other is, so that their difference bounds it.
template <class Value>
Slope slope(const Value& value, torch::Tensor& parameter, const torch::Tensor& along,
            double delta) {
  const auto start = parameter.clone();
  const auto difference = [&](double step) {
    const double up = (parameter.copy_(start + step * along), value());
    const double down = (parameter.copy_(start - step * along), value());
    parameter.copy_(start);
    return (up - down) / (2 * step);
  };
  const double fine = difference(delta), middle = difference(2 * delta),
               coarse = difference(4 * delta);
  const double better = (4 * fine - middle) / 3, worse = (4 * middle - coarse) / 3;
  return {better, std::abs(better - worse)};
}

TEST(Nfnet, GradientsAgreeWithFiniteDifferences) {
  NfnetConfig config = tiny_nfnet();
  config.activation = Activation::kSilu;
  auto net = make(config, torch::kFloat64);
  {
    const torch::NoGradGuard no_grad;  // keeps the ReLU of squeeze-excite off its kink
    for (auto& item : net->named_parameters()) {
      if (item.key().ends_with("fc1.bias")) item.value().fill_(1.0);
    }
  }
  const auto pixels = torch::randn({2, 3, 12, 12}, torch::kFloat64);
  const auto direction = torch::randn({2, 4, 24}, torch::kFloat64);
  const auto products = [&] { return net->forward(pixels) * direction; };
  products().sum().backward();
  const torch::NoGradGuard no_grad;
  constexpr double kDelta = 0x1p-9;
  const double rounded =
      rounding<double>(kTerms + direction.numel(), products().abs().sum().item<double>());
  for (auto& item : net->named_parameters()) {
    const auto step = item.value().grad().norm().item<double>();
    if (step == 0) continue;
    const auto along =
        item.value().grad() / step;  // unit vector of steepest ascent: derivative = step
    const auto got =
        slope([&] { return products().sum().item<double>(); }, item.value(), along, kDelta);
    EXPECT_NEAR(got.value, step, got.left + 2 * rounded / kDelta) << item.key();
    EXPECT_LT(got.left + 2 * rounded / kDelta, step / 1000) << item.key();  // the test can fail
  }
}

TEST(Nfnet, ClassifierNeedsClasses) {
  NfnetConfig config = tiny_nfnet();
  auto net = make(config);
  const auto features = net->forward(torch::randn({2, 3, 32, 32}));
  EXPECT_THROW(net->classify(features), Error);
  config.num_classes = 7;
  EXPECT_EQ(make(config)->classify(features).sizes().vec(), (std::vector<int64_t>{2, 7}));
}

TEST(Nfnet, RefusesPicturesWithoutThreeChannels) {
  auto net = make(tiny_nfnet());
  EXPECT_THROW(net->forward(torch::zeros({1, 4, 32, 32})), Error);
  EXPECT_THROW(net->forward(torch::zeros({3, 32, 32})), Error);
}

}  // namespace
}  // namespace flamingo::vision
