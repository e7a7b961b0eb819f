#include "flamingo/nn/activation.h"

#include <gtest/gtest.h>
#include <torch/types.h>

#include <cmath>
#include <numbers>

#include "flamingo/core/config.h"
#include "tests/support/rounding.h"

namespace flamingo::nn {
namespace {

double value_of(Activation kind, double x) {
  return activate(kind, torch::tensor({x}, torch::kFloat64)).item<double>();
}

TEST(Activation, MatchesItsFormula) {
  for (const double x : {-2.5, -0.3, 0.0, 0.7, 3.0}) {
    const double tolerance = testing::rounding<double>(testing::kFunction, std::abs(x));
    EXPECT_NEAR(value_of(Activation::kGelu, x), x * 0.5 * (1 + std::erf(x / std::sqrt(2.0))),
                tolerance);
    EXPECT_NEAR(value_of(Activation::kQuickGelu, x), x / (1 + std::exp(-1.702 * x)), tolerance);
    EXPECT_EQ(value_of(Activation::kSquaredRelu, x), x > 0 ? x * x : 0);
    EXPECT_EQ(value_of(Activation::kRelu, x), x > 0 ? x : 0);
    EXPECT_NEAR(value_of(Activation::kSilu, x), x / (1 + std::exp(-x)), tolerance);
    const double inner = std::sqrt(2 / std::numbers::pi) * (x + 0.044715 * x * x * x);
    EXPECT_NEAR(value_of(Activation::kGeluTanh, x), x * 0.5 * (1 + std::tanh(inner)), tolerance);
  }
}

TEST(Activation, IsReadAndWrittenByName) {
  EXPECT_EQ(enum_from_name<Activation>("squared_relu", "test"), Activation::kSquaredRelu);
  EXPECT_EQ(enum_name(Activation::kQuickGelu), "quick_gelu");
  EXPECT_THROW(enum_from_name<Activation>("swish", "test"), Error);
}

}  // namespace
}  // namespace flamingo::nn
