#include "flamingo/nn/activation.h"

#include <gtest/gtest.h>
#include <torch/types.h>

#include <cmath>

#include "flamingo/core/config.h"

namespace flamingo {
namespace {

double value_of(Activation kind, double x) {
  return activate(kind, torch::tensor({x}, torch::kFloat64)).item<double>();
}

TEST(Activation, MatchesItsFormula) {
  for (const double x : {-2.5, -0.3, 0.0, 0.7, 3.0}) {
    EXPECT_NEAR(value_of(Activation::kGelu, x), x * 0.5 * (1 + std::erf(x / std::sqrt(2.0))),
                1e-12);
    EXPECT_NEAR(value_of(Activation::kQuickGelu, x), x / (1 + std::exp(-1.702 * x)), 1e-12);
    EXPECT_NEAR(value_of(Activation::kSquaredRelu, x), x > 0 ? x * x : 0, 1e-12);
    EXPECT_NEAR(value_of(Activation::kRelu, x), x > 0 ? x : 0, 1e-12);
    EXPECT_NEAR(value_of(Activation::kSilu, x), x / (1 + std::exp(-x)), 1e-12);
    EXPECT_NEAR(value_of(Activation::kGeluTanh, x), value_of(Activation::kGelu, x), 1e-3);
  }
}

TEST(Activation, IsReadAndWrittenByName) {
  EXPECT_EQ(enum_from_name<Activation>("squared_relu", "test"), Activation::kSquaredRelu);
  EXPECT_EQ(enum_name(Activation::kQuickGelu), "quick_gelu");
  EXPECT_THROW(enum_from_name<Activation>("swish", "test"), Error);
}

}  // namespace
}  // namespace flamingo
