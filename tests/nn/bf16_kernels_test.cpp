#include "flamingo/nn/bf16_kernels.h"

#include <gtest/gtest.h>
#include <torch/types.h>

#include <limits>

#include "flamingo/core/error.h"
#include "flamingo/nn/norm.h"
#include "tests/support/seed.h"

namespace flamingo::nn {
namespace {

constexpr double kStep = 0x1p-8;  // of bf16, relative to a value

/// Whether bf16 `got` is `expected` (float) rounded, give or take the rounding before it.
::testing::AssertionResult is_rounded(const at::Tensor& got, const at::Tensor& expected) {
  if (got.scalar_type() != at::kBFloat16) return ::testing::AssertionFailure() << "not bf16";
  if (got.sizes() != expected.sizes()) return ::testing::AssertionFailure() << got.sizes();
  const auto excess = (got.to(at::kFloat) - expected).abs() - expected.abs() * kStep;
  const float worst = excess.max().item<float>();
  return worst <= 1e-30f ? ::testing::AssertionSuccess()
                         : ::testing::AssertionFailure() << "off by " << worst << " more";
}

at::Tensor random_bf16(at::IntArrayRef sizes) {
  torch::manual_seed(testing::seeded(7));
  return torch::randn(sizes).to(at::kBFloat16);
}

TEST(Bf16Kernels, TakeOnlyWhatTheyCanRead) {
  const auto x = random_bf16({4, 6});
  EXPECT_TRUE(takes_bf16_kernels(x));
  EXPECT_FALSE(takes_bf16_kernels(x.to(at::kFloat)));
  EXPECT_FALSE(takes_bf16_kernels(x.t()));
  EXPECT_FALSE(takes_bf16_kernels(x.narrow(0, 0, 0)));
  EXPECT_TRUE(takes_bf16_kernels(x.clone().requires_grad_()));
  EXPECT_THROW(bf16_swiglu(x.t()), Error);
  EXPECT_THROW(bf16_swiglu(random_bf16({4, 5})), Error);
  EXPECT_THROW(bf16_rms_norm(x, torch::ones({5}), 1e-5), Error);
}

TEST(Bf16Kernels, SoftmaxWithEveryShapeOfBias) {
  const auto scores = random_bf16({2, 3, 40, 70});
  const auto plain = [&](const at::Tensor& bias) {
    return at::softmax(bias.defined() ? scores.to(at::kFloat) + bias : scores.to(at::kFloat), -1);
  };
  EXPECT_TRUE(is_rounded(bf16_softmax(scores, {}), plain({})));
  for (const std::vector<int64_t>& sizes : std::vector<std::vector<int64_t>>{
           {2, 3, 40, 70}, {1, 1, 40, 70}, {2, 1, 1, 70}, {1, 3, 40, 1}}) {
    const auto bias = torch::randn(sizes);
    EXPECT_TRUE(is_rounded(bf16_softmax(scores, bias), plain(bias))) << at::IntArrayRef(sizes);
  }
  auto hidden = torch::zeros({1, 1, 40, 70});
  hidden.narrow(-1, 30, 40).fill_(-std::numeric_limits<float>::infinity());
  EXPECT_TRUE(is_rounded(bf16_softmax(scores, hidden), plain(hidden)));
}

TEST(Bf16Kernels, NormMatchesWhatTrainingComputes) {
  Norm norm(70, NormConfig{.kind = NormKind::kRmsNorm}, torch::TensorOptions());
  {
    const torch::NoGradGuard guard;
    norm->weight.normal_();
  }
  const auto x = random_bf16({3, 300, 70});
  const auto expected = at::rms_norm(x.to(at::kFloat), {70}, norm->weight, 1e-5).detach();
  EXPECT_TRUE(norm->forward(x).requires_grad());
  const torch::NoGradGuard guard;
  EXPECT_TRUE(is_rounded(bf16_rms_norm(x, norm->weight, 1e-5), expected));
  EXPECT_TRUE(norm->forward(x).equal(bf16_rms_norm(x, norm->weight, 1e-5)));
}

TEST(Bf16Kernels, SwigluMatchesItsFormula) {
  const auto x = random_bf16({5, 60, 2 * 37});
  const auto wide = x.to(at::kFloat);
  const auto expected = at::silu(wide.narrow(-1, 0, 37)) * wide.narrow(-1, 37, 37);
  EXPECT_TRUE(is_rounded(bf16_swiglu(x), expected));
}

/// Gradient of x for a random gradient of f(x), which is the same at every call.
template <class F>
at::Tensor gradient(const at::Tensor& x, const F& f) {
  const auto leaf = x.detach().clone().requires_grad_();
  const auto y = f(leaf);
  torch::manual_seed(testing::seeded(9));
  y.backward(torch::randn(y.sizes()).to(at::kBFloat16).to(y.scalar_type()));
  return leaf.grad();
}

/// Largest difference, as a part of the largest expected value.
double worst(const at::Tensor& got, const at::Tensor& expected) {
  return ((got.to(at::kFloat) - expected).abs().max() / expected.abs().max()).item<double>();
}

TEST(Bf16Kernels, GradientsAreThoseOfTheFormulasInFloat) {
  const auto scores = random_bf16({2, 3, 40, 70});
  const auto bias = torch::randn({2, 1, 40, 70});
  EXPECT_LT(worst(gradient(scores, [&](const at::Tensor& x) { return bf16_softmax(x, bias); }),
                  gradient(scores.to(at::kFloat),
                           [&](const at::Tensor& x) { return at::softmax(x + bias, -1); })),
            3 * kStep);  // the shares are rounded, also in the mean, and the result
  const auto x = random_bf16({3, 300, 70});
  const auto weight = torch::randn({70});
  EXPECT_LT(
      worst(gradient(x, [&](const at::Tensor& v) { return bf16_rms_norm(v, weight, 1e-5); }),
            gradient(x.to(at::kFloat),
                     [&](const at::Tensor& v) { return at::rms_norm(v, {70}, weight, 1e-5); })),
      kStep);
  EXPECT_LT(worst(gradient(x, bf16_swiglu), gradient(x.to(at::kFloat),
                                                     [](const at::Tensor& v) {
                                                       const auto halves = v.chunk(2, -1);
                                                       return at::silu(halves[0]) * halves[1];
                                                     })),
            kStep);
}

}  // namespace
}  // namespace flamingo::nn
