#include "flamingo/vision/efficientnet.h"

#include <gtest/gtest.h>
#include <torch/types.h>

#include <map>

#include "flamingo/core/error.h"
#include "flamingo/nn/init.h"
#include "tests/model/summed_terms.h"
#include "tests/support/tolerance.h"

namespace flamingo::vision {
namespace {

using Weights = std::map<std::string, torch::Tensor>;

EfficientNetConfig tiny_efficientnet() {
  EfficientNetConfig config;
  config.image_size = 32;
  config.stem_width = 8;
  config.depths = {1, 2, 2};
  config.widths = {8, 12, 16};
  config.kernels = {3, 5, 3};
  config.strides = {1, 2, 1};
  config.expansions = {1, 3, 2};
  config.final_width = 24;
  return config;
}

EfficientNet make(const EfficientNetConfig& config, torch::ScalarType type = torch::kFloat32) {
  EfficientNet net(config, type);
  nn::init_weights(*net, 5);
  const torch::NoGradGuard no_grad;
  for (auto& item : net->named_parameters()) {
    if (item.key().ends_with("bias")) item.value().normal_(0, 0.3);
  }
  return net;
}

int64_t count(const EfficientNet& net, const char* of) {
  int64_t sum = 0;
  for (const auto& item : net->named_parameters()) {
    if (item.key().ends_with(of)) sum += item.value().numel();
  }
  return sum;
}

/// A published net has two parameters of a batch norm where ours has one, the bias.
TEST(EfficientNet, CountsOfTheLiteSizesAreThePublished) {
  const int64_t published[] = {4'652'008, 5'416'680, 6'092'072, 8'197'096, 13'006'568};
  const int64_t sides[] = {224, 240, 260, 280, 300};
  for (int k = 0; k < 5; ++k) {
    EfficientNetConfig config = efficientnet_preset("efficientnet-lite" + std::to_string(k));
    EXPECT_EQ(config.image_size, sides[k]);
    config.num_classes = 1000;
    const EfficientNet net(config, torch::TensorOptions().device(torch::kMeta));
    const int64_t biases = count(net, "bias") - 1000;
    EXPECT_EQ(count(net, "weight") + 1000 + 2 * biases, published[k]) << k;
  }
  EXPECT_EQ(efficientnet_preset("efficientnet-lite4").depths,
            (std::vector<int64_t>{1, 4, 4, 6, 6, 8, 1}));
  EXPECT_EQ(efficientnet_preset("efficientnet-lite4").widths,
            (std::vector<int64_t>{24, 32, 56, 112, 160, 272, 448}));
  EXPECT_THROW(efficientnet_preset("efficientnet-lite5"), Error);
}

TEST(EfficientNet, GivesOneFeaturePerPatchFromTheTopLeft) {
  auto net = make(tiny_efficientnet());
  const auto pixels = torch::randn({2, 3, 32, 37});
  const auto map = net->feature_map(pixels);
  const auto features = net->forward(pixels);
  EXPECT_EQ(map.sizes().vec(), (std::vector<int64_t>{2, 24, 8, 10}));
  ASSERT_EQ(features.sizes().vec(), (std::vector<int64_t>{2, 80, 24}));
  EXPECT_TRUE(features.select(1, 12).equal(map.select(2, 1).select(2, 2)));
  EXPECT_EQ(net->dim(), 24);
  EXPECT_EQ(net->config().num_patches(32), 64);
}

TEST(EfficientNet, FeaturesMayBeMeansOverRowsAndColumns) {
  EfficientNetConfig config = tiny_efficientnet();
  config.pooled_side = 2;
  auto net = make(config);
  const auto pixels = torch::randn({2, 3, 32, 32});
  const auto features = net->forward(pixels);
  EXPECT_EQ(config.num_patches(32), 4);
  ASSERT_EQ(features.sizes().vec(), (std::vector<int64_t>{2, 4, 24}));
  const auto map = net->feature_map(pixels);  // [2, 24, 8, 8]
  const auto corner = map.slice(2, 0, 4).slice(3, 4, 8).mean(torch::IntArrayRef{2, 3});
  EXPECT_TRUE(torch::allclose(features.select(1, 1), corner)) << "the second of the first row";
}

TEST(EfficientNet, TheHeadProjectsWhatTheTrunkSees) {
  EfficientNetConfig config = tiny_efficientnet();
  config.pooled_side = 2;
  config.projection_dim = 6;
  auto net = make(config);
  const auto pixels = torch::randn({2, 3, 32, 32});
  const auto trunk = net->trunk(pixels);
  const auto features = net->forward(pixels);
  EXPECT_EQ(trunk.sizes().vec(), (std::vector<int64_t>{2, 4, 24}));
  ASSERT_EQ(features.sizes().vec(), (std::vector<int64_t>{2, 4, 6}));
  EXPECT_EQ(net->dim(), 6);
  EXPECT_TRUE(features.equal(net->head(trunk)));
  const auto weights = net->named_parameters();
  const auto normalised = torch::layer_norm(trunk, {24}, weights["projection_norm.weight"],
                                            weights["projection_norm.bias"], 1e-5);
  const auto expected = torch::nn::functional::linear(normalised, weights["projection.weight"],
                                                      weights["projection.bias"]);
  EXPECT_TRUE(testing::agree(features, expected, {.terms = 2 * 24 + 1}));
  config.num_classes = 3;
  EXPECT_THROW(config.validate(), Error);
}

TEST(EfficientNet, TapsAllStages) {
  auto net = make(tiny_efficientnet());
  std::map<std::string, std::vector<int64_t>> shapes;
  net->feature_map(
      torch::randn({1, 3, 32, 32}),
      [&](const std::string& name, const torch::Tensor& x) { shapes[name] = x.sizes().vec(); });
  EXPECT_EQ(shapes.at("stem"), (std::vector<int64_t>{1, 8, 16, 16}));
  EXPECT_EQ(shapes.at("stage.0"), (std::vector<int64_t>{1, 8, 16, 16}));
  EXPECT_EQ(shapes.at("stage.2"), (std::vector<int64_t>{1, 16, 8, 8}));
  EXPECT_EQ(shapes.at("feature_map"), (std::vector<int64_t>{1, 24, 8, 8}));
}

/// x [N, C, h, w] through the convolution of this name, with windows on all sides, then every
/// `stride`-th of them from where SAME padding begins.
torch::Tensor plain_conv(const Weights& weights, const std::string& name, const torch::Tensor& x,
                         int64_t stride) {
  const auto& kernel = weights.at(name + ".weight");
  const int64_t k = kernel.size(2), groups = kernel.size(1) == 1 ? kernel.size(0) : 1;
  const auto dense = at::conv2d(x, kernel, weights.at(name + ".bias"), at::IntArrayRef{1, 1},
                                at::IntArrayRef{k - 1, k - 1}, at::IntArrayRef{1, 1}, groups);
  const auto first = [&](int64_t extent) {
    const int64_t windows = (extent + stride - 1) / stride;
    return k - 1 - std::max<int64_t>(0, (windows - 1) * stride + k - extent) / 2;
  };
  const int64_t h = x.size(2), w = x.size(3);
  return dense.slice(2, first(h), first(h) + h, stride).slice(3, first(w), first(w) + w, stride);
}

/// The whole net once more, by the definition of its blocks: pixels [N, 3, h, w] -> [N, P, Dv].
torch::Tensor plain_features(const EfficientNetConfig& config, const Weights& weights,
                             const torch::Tensor& pixels) {
  auto x = plain_conv(weights, "stem", pixels, 2).clamp(0, 6);
  const auto stages = config.stages();
  for (size_t s = 0; s < stages.size(); ++s) {
    for (size_t b = 0; b < stages[s].size(); ++b) {
      const std::string name = "stages." + std::to_string(s) + "." + std::to_string(b) + ".";
      const MbConvShape& shape = stages[s][b];
      auto y = x;
      if (shape.expansion > 1) y = plain_conv(weights, name + "expand", y, 1).clamp(0, 6);
      y = plain_conv(weights, name + "depthwise", y, shape.stride).clamp(0, 6);
      y = plain_conv(weights, name + "project", y, 1);
      x = shape.stride == 1 && shape.in == shape.out ? x + y : y;
    }
  }
  return plain_conv(weights, "final_conv", x, 1).clamp(0, 6).flatten(2).transpose(1, 2);
}

TEST(EfficientNet, ValuesAndGradientsAreThoseOfItsDefinition) {
  const EfficientNetConfig config = tiny_efficientnet();
  auto net = make(config, torch::kFloat64);
  Weights copies;
  for (const auto& item : net->named_parameters())
    copies[item.key()] = item.value().detach().clone().requires_grad_();
  const testing::Rounding rounding{.terms = testing::summed_terms(*net)};
  for (const int64_t width : {17, 20}) {
    const auto pixels = torch::randn({2, 3, 18, width}, torch::kFloat64);
    const auto got = net->forward(pixels);
    const auto expected = plain_features(config, copies, pixels);
    ASSERT_TRUE(testing::agree(got, expected, rounding));
    const auto direction = torch::randn_like(expected);
    net->zero_grad();
    (got * direction).sum().backward();
    (expected * direction).sum().backward();
    for (const auto& item : net->named_parameters()) {
      auto& other = copies.at(item.key()).mutable_grad();
      EXPECT_GT(other.abs().max().item<double>(), 0) << item.key();
      // A gradient sums over all places of all pictures, too.
      const testing::Rounding summed{.terms = 2 * rounding.terms + pixels.numel(),
                                     .norm = direction.abs().sum().item<double>()};
      EXPECT_TRUE(testing::agree(item.value().grad(), other, summed)) << item.key();
      other.zero_();
    }
  }
}

TEST(EfficientNet, FoldedItComputesTheSameInFp32) {
  const torch::NoGradGuard no_grad;
  for (const auto type : {torch::kFloat32, torch::kBFloat16}) {
    auto net = make(tiny_efficientnet(), type);
    Weights wide;
    for (const auto& item : net->named_parameters())
      wide[item.key()] = item.value().to(torch::kFloat32);
    const auto pixels = torch::randn({3, 3, 32, 37}).to(type);
    const auto expected =
        plain_features(tiny_efficientnet(), wide, pixels.to(torch::kFloat32)).to(type);
    const testing::Rounding rounding{.terms = testing::summed_terms(*net)};
    for (const bool folded : {true, false}) {
      if (folded) net->fold(type);
      const auto got = net->forward(pixels);
      EXPECT_EQ(got.scalar_type(), type);
      EXPECT_TRUE(testing::agree(got, expected, rounding)) << folded;
      net->train();
    }
  }
}

TEST(EfficientNet, CutsOffAtSix) {
  auto net = make(tiny_efficientnet());
  const auto features = net->forward(1000 * torch::randn({1, 3, 32, 32}));
  EXPECT_EQ(features.max().item<float>(), 6.0F);
  EXPECT_EQ(features.min().item<float>(), 0.0F);
}

TEST(EfficientNet, BFloat16IsCloseToFloat) {
  auto net = make(tiny_efficientnet());
  const auto pixels = torch::randn({2, 3, 32, 32});
  const auto exact = net->forward(pixels);
  const auto rough = net->forward(pixels.to(torch::kBFloat16));
  EXPECT_EQ(rough.scalar_type(), torch::kBFloat16);
  // 16 layers, each rounding its result and its weights to 2^-9.
  const double scale = exact.abs().max().item<double>();
  EXPECT_LT((rough.to(torch::kFloat32) - exact).abs().max().item<double>(), 32 * 0x1p-9 * scale);
}

/// From random weights the magnitude neither dies out nor is cut off everywhere.
TEST(EfficientNet, RandomWeightsKeepTheMagnitude) {
  EfficientNet net(efficientnet_preset("efficientnet-lite0"), torch::kFloat32);
  nn::init_weights(*net, 1);
  const torch::NoGradGuard no_grad;
  const auto features = net->forward(torch::randn({1, 3, 64, 64}));
  EXPECT_GT(features.mean().item<double>(), 0.05);
  EXPECT_LT(features.ge(6).to(torch::kFloat64).mean().item<double>(), 0.2);
}

TEST(EfficientNet, ClassifierNeedsClasses) {
  EfficientNetConfig config = tiny_efficientnet();
  auto net = make(config);
  const auto features = net->forward(torch::randn({2, 3, 32, 32}));
  EXPECT_THROW(net->classify(features), Error);
  config.num_classes = 7;
  EXPECT_EQ(make(config)->classify(features).sizes().vec(), (std::vector<int64_t>{2, 7}));
}

TEST(EfficientNet, RefusesPicturesWithoutThreeChannels) {
  auto net = make(tiny_efficientnet());
  EXPECT_THROW(net->forward(torch::zeros({1, 4, 32, 32})), Error);
  EXPECT_THROW(net->forward(torch::zeros({3, 32, 32})), Error);
}

TEST(EfficientNetConfig, ValidateNamesWhatIsWrong) {
  const auto rejects = [](auto change) {
    EfficientNetConfig config = tiny_efficientnet();
    change(config);
    EXPECT_THROW(config.validate(), Error);
  };
  EXPECT_NO_THROW(tiny_efficientnet().validate());
  rejects([](auto& c) { c.widths.pop_back(); });
  rejects([](auto& c) { c.depths = c.widths = c.kernels = c.strides = c.expansions = {}; });
  rejects([](auto& c) { c.expansions[1] = 0; });
  rejects([](auto& c) { c.depths[2] = int64_t{1} << 40; });
  rejects([](auto& c) { c.depths.assign(3, 1000); });
  rejects([](auto& c) { c.final_width = 0; });
  rejects([](auto& c) { c.image_size = 0; });
}

}  // namespace
}  // namespace flamingo::vision
