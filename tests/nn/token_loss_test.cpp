#include "flamingo/nn/token_loss.h"

#include <gtest/gtest.h>
#include <torch/types.h>

#include <cmath>
#include <limits>

#include "flamingo/core/error.h"

namespace flamingo {
namespace {

/// Logits in two parts of a vocabulary, some targets in each.
struct Case {
  explicit Case(at::ScalarType type) {
    torch::manual_seed(3);
    words = (4 * torch::randn({50, 600})).to(type).requires_grad_();
    added = (4 * torch::randn({50, 3})).to(type).requires_grad_();
    targets = torch::randint(600, {50}, torch::kInt64);
    targets[7] = 600;
    targets[8] = 602;
  }
  std::vector<at::Tensor> parts() const { return {words, added}; }

  at::Tensor words, added, targets;
};

TEST(TokenLoss, EqualsTorchsOperationsInValueAndGradient) {
  for (const auto type : {at::kFloat, at::kBFloat16}) {
    const Case fast(type), plain(type);
    const TokenLoss got = token_loss(fast.parts(), fast.targets);
    const TokenLoss expected = plain_token_loss(plain.parts(), plain.targets);
    EXPECT_NEAR(got.loss.item<float>(), expected.loss.item<float>(), 1e-5);
    EXPECT_TRUE(got.predicted.equal(expected.predicted));
    EXPECT_FALSE(got.predicted.requires_grad());
    (got.loss * 3).backward();
    (expected.loss * 3).backward();
    const double tolerance = type == at::kFloat ? 1e-5 : 0x1p-7;
    EXPECT_TRUE(fast.words.grad().allclose(plain.words.grad(), tolerance, 1e-9));
    EXPECT_TRUE(fast.added.grad().allclose(plain.added.grad(), tolerance, 1e-9));
  }
}

TEST(TokenLoss, ReadsAnyMemoryOrderAndOnePartAlone) {
  const Case data(at::kFloat);
  const auto turned = data.words.detach().t().contiguous().t();
  const auto targets = data.targets.clamp_max(599);
  EXPECT_NEAR(token_loss({turned}, targets).loss.item<float>(),
              plain_token_loss({turned}, targets).loss.item<float>(), 1e-5);
  const auto wide = data.words.detach().to(at::kDouble);
  EXPECT_NEAR(token_loss({wide}, targets).loss.item<float>(),
              plain_token_loss({turned}, targets).loss.item<float>(), 1e-5);
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
}  // namespace flamingo
