#include "flamingo/nn/norm.h"

#include <gtest/gtest.h>

#include "flamingo/core/error.h"
#include "tests/support/tolerance.h"

namespace flamingo::nn {
namespace {

using testing::agree;
using testing::kFunction;

TEST(Norm, LayerNormMatchesItsFormula) {
  Norm norm(8, NormConfig{}, torch::TensorOptions());
  torch::NoGradGuard guard;
  norm->weight.normal_();
  norm->bias.normal_();
  const auto x = torch::randn({3, 5, 8});
  const auto centred = x - x.mean(-1, true);
  const auto expected =
      centred / (centred.square().mean(-1, true) + 1e-5).sqrt() * norm->weight + norm->bias;
  EXPECT_TRUE(agree(norm->forward(x), expected, {.terms = 2 * 8 + kFunction}));
}

TEST(Norm, RmsNormHasNoMeanAndNoOffset) {
  Norm norm(8, NormConfig{.kind = NormKind::kRmsNorm, .eps = 1e-6}, torch::TensorOptions());
  const auto x = torch::randn({2, 8}) + 3;
  const auto expected = x / (x.square().mean(-1, true) + 1e-6).sqrt();
  EXPECT_FALSE(norm->bias.defined());
  EXPECT_TRUE(agree(norm->forward(x), expected, {.terms = 8 + kFunction}));
}

TEST(Norm, KeepsTheTypeOfItsInput) {
  Norm norm(8, NormConfig{}, torch::TensorOptions());
  EXPECT_EQ(norm->forward(torch::randn({2, 8}).to(torch::kBFloat16)).scalar_type(),
            torch::kBFloat16);
}

TEST(Norm, RefusesAnotherWidth) {
  Norm norm(8, NormConfig{}, torch::TensorOptions());
  EXPECT_THROW(norm->forward(torch::randn({2, 7})), Error);
}

}  // namespace
}  // namespace flamingo::nn
