#include "flamingo/nn/rotary.h"

#include <gtest/gtest.h>
#include <torch/types.h>

#include <cmath>

namespace flamingo {
namespace {

TEST(Rotary, TurnsPairsByPositionTimesFrequency) {
  const auto x = torch::randn({1, 1, 1, 4});
  const auto table = rotary_table(torch::tensor({{3}}, torch::kInt64), 4, 100.0, torch::kFloat32);
  const auto y = apply_rotary(x, table).view({4});
  const auto in = x.view({4});
  for (int i = 0; i < 2; ++i) {
    const double angle = 3.0 * std::pow(100.0, -i / 2.0);
    const double a = in[i].item<float>(), b = in[i + 2].item<float>();
    EXPECT_NEAR(y[i].item<float>(), a * std::cos(angle) - b * std::sin(angle), 1e-6);
    EXPECT_NEAR(y[i + 2].item<float>(), b * std::cos(angle) + a * std::sin(angle), 1e-6);
  }
}

TEST(Rotary, ProductsDependOnDistanceOnly) {
  const auto q = torch::randn({1, 1, 1, 16}), k = torch::randn({1, 1, 1, 16});
  const auto product = [&](int64_t i, int64_t j) {
    const auto at = [](const at::Tensor& x, int64_t position) {
      return apply_rotary(x, rotary_table(torch::tensor({{position}}), 16, 1e4, torch::kFloat32));
    };
    return (at(q, i) * at(k, j)).sum().item<float>();
  };
  EXPECT_NEAR(product(9, 4), product(105, 100), 1e-4);
  EXPECT_GT(std::abs(product(9, 4) - product(9, 8)), 1e-3);
}

}  // namespace
}  // namespace flamingo
