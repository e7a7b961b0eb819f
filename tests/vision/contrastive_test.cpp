#include "flamingo/vision/contrastive.h"

#include <gtest/gtest.h>
#include <torch/nn/functional/loss.h>
#include <torch/types.h>

#include <cmath>

#include "flamingo/core/error.h"
#include "tests/support/tolerance.h"

namespace flamingo::vision {
namespace {

using testing::agree;
using testing::kFunction;
using testing::rounding;

ContrastiveConfig tiny_config() {
  return {.embed_dim = 8, .text_width = 16, .text_layers = 2, .text_heads = 2, .max_tokens = 6};
}

Contrastive make(const ContrastiveConfig& config) {
  Contrastive model(config, 10, 12, torch::kFloat32);
  nn::init_weights(*model, 9);
  return model;
}

torch::Tensor unit_rows(const torch::Tensor& x) { return x / x.norm(2, -1, true); }

torch::Tensor diagonal(int64_t n) { return torch::eye(n, torch::kBool); }

/// A mean of `rows` log shares of logits as large as `largest`, over as many candidates.
double loss_tolerance(int64_t rows, double largest) {
  return rounding<float>(2 * rows + 2 * kFunction, std::max(1.0, largest));
}

/// The largest logit of unit vectors.
double largest_logit(Contrastive& model) { return model->beta().item<double>(); }

TEST(SoftCrossEntropy, EqualsTheLibrarysWithOnePositive) {
  const auto logits = torch::randn({5, 5});
  const auto expected = torch::nn::functional::cross_entropy(
      logits, torch::arange(5),
      torch::nn::functional::CrossEntropyFuncOptions().label_smoothing(0.1));
  EXPECT_NEAR(soft_cross_entropy(logits, diagonal(5), {}, 0.1).item<double>(),
              expected.item<double>(), loss_tolerance(5, logits.abs().max().item<double>()));
}

TEST(SoftCrossEntropy, SpreadsTheTargetOverPositives) {
  const auto logits = torch::tensor({{1.0F, 2.0F, 3.0F}});
  const auto positives = torch::tensor({{true, false, true}});
  const auto log_p = at::log_softmax(logits, 1);
  const double expected = -0.5 * (log_p[0][0] + log_p[0][2]).item<double>();
  EXPECT_NEAR(soft_cross_entropy(logits, positives, {}, 0.0).item<double>(), expected,
              loss_tolerance(3, 3));
}

TEST(SoftCrossEntropy, LeavesOutRowsWithoutPositivesAndForbiddenCandidates) {
  auto logits = torch::randn({2, 3});
  auto positives = torch::zeros({2, 3}, torch::kBool);
  EXPECT_EQ(soft_cross_entropy(logits, positives, {}, 0.1).item<double>(), 0.0);
  positives[0][1] = true;
  auto candidates = torch::ones({2, 3}, torch::kBool);
  candidates[0][0] = false;
  const auto before = soft_cross_entropy(logits, positives, candidates, 0.1);
  logits[0][0] = 100.0;
  logits[1] = 7.0;
  EXPECT_EQ(soft_cross_entropy(logits, positives, candidates, 0.1).item<double>(),
            before.item<double>());
}

TEST(Contrastive, PerfectMatchBeatsExchangedPairs) {
  auto model = make(tiny_config());
  const auto vectors = torch::eye(8).slice(0, 0, 4);
  const auto ids = torch::arange(4);
  const auto good = model->loss({vectors, vectors, ids, ids});
  const auto bad = model->loss({vectors, vectors.roll(1, 0), ids, ids});
  EXPECT_LT(good.total.item<double>(), bad.total.item<double>());
  EXPECT_NEAR(good.total.item<double>(), (good.image_to_text + good.text_to_image).item<double>(),
              rounding<float>(1, good.total.item<double>()));
  EXPECT_FALSE(good.views.defined());
}

TEST(Contrastive, TwinsAreNoNegatives) {
  ContrastiveConfig config = tiny_config();
  config.label_smoothing = 0.0;
  auto model = make(config);
  const auto vectors = unit_rows(torch::randn({2, 8}));
  const auto twins = torch::cat({vectors, vectors});
  const auto concepts = torch::tensor({0, 1, 0, 1});
  const auto one = model->loss({vectors, vectors, torch::arange(2), torch::arange(2)});
  const auto both = model->loss({twins, vectors, concepts, torch::arange(2)});
  // Twin pictures ask the same question twice, and split each caption's target: log 2 more, no
  // confusion.
  const double tolerance = loss_tolerance(8 + 4, largest_logit(model));  // 8: a logit's own sum
  EXPECT_NEAR(both.image_to_text.item<double>(), one.image_to_text.item<double>(), tolerance);
  EXPECT_NEAR(both.text_to_image.item<double>(), one.text_to_image.item<double>() + std::log(2.0),
              tolerance);
}

TEST(Contrastive, ViewTermPullsTwinsTogether) {
  ContrastiveConfig config = tiny_config();
  config.view_weight = 0.5;
  auto model = make(config);
  auto images = torch::eye(8).slice(0, 0, 4).clone().requires_grad_();  // nothing is alike yet
  const auto concepts = torch::tensor({0, 0, 1, 2});
  const auto loss =
      model->loss({unit_rows(images), torch::eye(8).slice(0, 1, 4), concepts, torch::arange(3)});
  EXPECT_NEAR(loss.total.item<double>(),
              (loss.image_to_text + loss.text_to_image + 0.5 * loss.views).item<double>(),
              rounding<float>(3, loss.total.item<double>()));
  loss.views.backward();
  EXPECT_TRUE(images.grad().isfinite().all().item<bool>());
  const torch::NoGradGuard no_grad;
  const auto moved = unit_rows(images - 0.01 * images.grad());
  const auto likeness = torch::matmul(moved, moved.t());
  EXPECT_GT(likeness[0][1].item<double>(), 0.01);
  EXPECT_LT(likeness[0][2].item<double>(), 0.0);
}

TEST(Contrastive, PaddingDoesNotChangeATextEmbedding) {
  auto model = make(tiny_config());
  const auto table = torch::randn({20, 12});
  const auto ids = torch::tensor({{3, 5, 7}});
  const auto padded = torch::tensor({{3, 5, 7, 11, 2}});
  const auto mask = torch::tensor({{1, 1, 1, 0, 0}});
  const auto expected = model->embed_texts(ids, torch::ones_like(ids), table);
  // Two layers over up to 5 tokens, and the projections before and after them.
  const int64_t terms = 12 + 2 * (4 * 16 + 16 + 8 + 5 + 64 + 4 * kFunction) + 2 * 16 + kFunction;
  EXPECT_TRUE(agree(model->embed_texts(padded, mask, table), expected, {.terms = terms}));
  EXPECT_NEAR(expected.norm().item<double>(), 1.0, rounding<float>(8 + kFunction, 1));
  EXPECT_THROW(model->embed_texts(torch::zeros({1, 7}, torch::kInt64), torch::ones({1, 7}), table),
               Error);
}

TEST(Contrastive, BetaStartsAtTheTemperatureAndIsLimited) {
  auto model = make(tiny_config());
  EXPECT_NEAR(model->beta().item<double>(), 1 / 0.07, rounding<float>(2 * kFunction, 1 / 0.07));
  const torch::NoGradGuard no_grad;
  model->log_beta.fill_(50.0);
  EXPECT_EQ(model->beta().item<double>(), 100.0);
}

TEST(Contrastive, ImagesHaveUnitLength) {
  auto model = make(tiny_config());
  const auto embedding = model->embed_images(torch::randn({3, 16, 10}));
  EXPECT_TRUE(agree(embedding.norm(2, -1), torch::ones({3}), {.terms = 8 + kFunction}));
  EXPECT_THROW(model->embed_images(torch::randn({3, 16, 11})), Error);
  ContrastiveConfig config;
  config.temperature = 0;
  EXPECT_THROW(config.validate(), Error);
  for (int64_t ContrastiveConfig::*size :
       {&ContrastiveConfig::embed_dim, &ContrastiveConfig::text_width,
        &ContrastiveConfig::text_layers, &ContrastiveConfig::text_heads,
        &ContrastiveConfig::text_mlp_mult, &ContrastiveConfig::max_tokens}) {
    ContrastiveConfig large;
    large.*size = int64_t{1} << 40;
    EXPECT_THROW(large.validate(), Error);
  }
}

}  // namespace
}  // namespace flamingo::vision
