#include "flamingo/nn/linear.h"

#include <gtest/gtest.h>

#include "flamingo/core/error.h"
#include "tests/support/tolerance.h"

namespace flamingo::nn {
namespace {

using testing::agree;

Linear random_linear(int64_t in, int64_t out, bool bias) {
  Linear linear(in, out, bias, torch::TensorOptions());
  torch::NoGradGuard guard;
  for (auto& parameter : linear->parameters()) parameter.normal_();
  return linear;
}

TEST(Linear, IsAMatrixProductPlusBias) {
  const auto linear = random_linear(6, 4, true);
  const auto x = torch::randn({2, 3, 6});
  const auto expected = torch::matmul(x, linear->weight.t()) + linear->bias;
  EXPECT_TRUE(agree(linear->forward(x), expected, {.terms = 6 + 1}));
}

TEST(Linear, CastsMastersToTheComputeTypeAndGradientsReachThem) {
  const auto linear = random_linear(6, 4, false);
  const auto y = linear->forward(torch::randn({3, 6}).to(torch::kBFloat16));
  EXPECT_EQ(y.scalar_type(), torch::kBFloat16);
  y.sum().backward();
  EXPECT_EQ(linear->weight.grad().scalar_type(), torch::kFloat32);
  EXPECT_GT(linear->weight.grad().abs().sum().item<float>(), 0);
}

TEST(Linear, TakesNoMemoryOnTheMetaDevice) {
  Linear linear(1 << 20, 1 << 20, true, torch::TensorOptions().device(torch::kMeta));
  EXPECT_EQ(linear->weight.numel(), int64_t{1} << 40);
}

TEST(Linear, RefusesAnotherWidth) {
  const auto linear = random_linear(6, 4, false);
  EXPECT_THROW(linear->forward(torch::randn({3, 5})), Error);
}

TEST(Linear, SlicesOfOnePositionAreRowsOfOneMatrix) {
  const auto x = torch::randn({2, 5, 4}), weight = torch::randn({3, 4}), bias = torch::randn({3});
  const auto last = x.narrow(1, 4, 1);
  EXPECT_TRUE(agree(linear_by_rows(last, weight, bias), at::matmul(last, weight.t()) + bias,
                    {.terms = 4 + 1}));
  EXPECT_TRUE(agree(linear_by_rows(x, weight), at::matmul(x, weight.t()), {.terms = 4}));
  EXPECT_EQ(linear_by_rows(x[0][0], weight).dim(), 1);
  EXPECT_EQ(linear_by_rows(x.narrow(1, 0, 0), weight).sizes(), (std::vector<int64_t>{2, 0, 3}));
}

}  // namespace
}  // namespace flamingo::nn
