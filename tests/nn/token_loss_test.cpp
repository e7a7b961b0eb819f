#include "flamingo/nn/token_loss.h"

#include <gtest/gtest.h>
#include <torch/types.h>

#include <cmath>
#include <limits>

#include "flamingo/core/error.h"
#include "tests/support/rounding.h"
#include "tests/support/seed.h"

namespace flamingo::nn {
namespace {

using testing::kFunction;
using testing::rounding;

/// Logits in two parts of a vocabulary, some targets in each.
struct Case {
  explicit Case(at::ScalarType type) {
    torch::manual_seed(testing::seeded(3));
    words = (4 * torch::randn({50, 600})).to(type).requires_grad_();
    added = (4 * torch::randn({50, 3})).to(type).requires_grad_();
    targets = torch::randint(600, {50}, torch::kInt64);
    targets[7] = 600;
    targets[8] = 602;
  }
  std::vector<at::Tensor> parts() const { return {words, added}; }

  at::Tensor words, added, targets;
};

/// Of a mean over 50 rows: a sum of positive exponentials keeps its relative error, which is its
/// logarithm's absolute one; that is added to a logit, and the rows to each other.
double loss_tolerance(const Case& data) {
  const double largest = data.words.detach().abs().max().item<double>();
  return rounding<float>(603 + 2 * kFunction, 1) + rounding<float>(50 + 2, largest);
}

TEST(TokenLoss, EqualsTorchsOperationsInValueAndGradient) {
  for (const auto type : {at::kFloat, at::kBFloat16}) {
    const Case fast(type), plain(type);
    const TokenLoss got = token_loss(fast.parts(), fast.targets);
    const TokenLoss expected = plain_token_loss(plain.parts(), plain.targets);
    EXPECT_NEAR(got.loss.item<float>(), expected.loss.item<float>(), loss_tolerance(fast));
    EXPECT_TRUE(got.predicted.equal(expected.predicted));
    EXPECT_FALSE(got.predicted.requires_grad());
    (got.loss * 3).backward();
    (expected.loss * 3).backward();
    // Each a share of its row, less one at the target, times 3 / 50; and rounded at the end.
    const double relative = rounding<float>(603 + 3 * kFunction, 1) +
                            (type == at::kFloat ? 0 : rounding<at::BFloat16>(1, 1));
    const double absolute = rounding<float>(kFunction, 3.0 / 50);
    EXPECT_TRUE(fast.words.grad().allclose(plain.words.grad(), relative, absolute));
    EXPECT_TRUE(fast.added.grad().allclose(plain.added.grad(), relative, absolute));
  }
}

TEST(TokenLoss, ReadsAnyMemoryOrderAndOnePartAlone) {
  const Case data(at::kFloat);
  const auto turned = data.words.detach().t().contiguous().t();
  const auto targets = data.targets.clamp_max(599);
  EXPECT_NEAR(token_loss({turned}, targets).loss.item<float>(),
              plain_token_loss({turned}, targets).loss.item<float>(), loss_tolerance(data));
  const auto wide = data.words.detach().to(at::kDouble);
  EXPECT_NEAR(token_loss({wide}, targets).loss.item<float>(),
              plain_token_loss({turned}, targets).loss.item<float>(), loss_tolerance(data));
}

TEST(TokenLoss, IsNotFiniteWhereALogitIsNot) {
  for (const float bad : {std::nanf(""), std::numeric_limits<float>::infinity()}) {
    const Case data(at::kBFloat16);
    const auto words = data.words.detach().clone();
    words[4][500] = bad;
    EXPECT_FALSE(std::isfinite(token_loss({words, data.added}, data.targets).loss.item<float>()));
  }
}

TEST(TokenLoss, NamesBadInput) {
  const Case data(at::kFloat);
  EXPECT_THROW(token_loss({}, data.targets), Error);
  EXPECT_THROW(token_loss({data.words}, data.targets), Error);  // 600 and 602 are out of range
  EXPECT_THROW(token_loss(data.parts(), data.targets - 600), Error);
  EXPECT_THROW(token_loss(data.parts(), data.targets.narrow(0, 0, 49)), Error);
  EXPECT_THROW(token_loss({data.words, data.added.to(at::kBFloat16)}, data.targets), Error);
}

}  // namespace
}  // namespace flamingo::nn
