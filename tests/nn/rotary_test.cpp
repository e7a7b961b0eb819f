#include "flamingo/nn/rotary.h"

#include <gtest/gtest.h>
#include <torch/types.h>

#include <cmath>
#include <utility>

#include "flamingo/core/error.h"
#include "tests/support/tolerance.h"

namespace flamingo::nn {
namespace {

using testing::agree;

TEST(Rotary, TurnsPairsByPositionTimesFrequency) {
  const auto x = torch::randn({1, 1, 1, 4});
  const auto table = rotary_table(torch::tensor({{3}}, torch::kInt64), {4, 100.0}, torch::kFloat32);
  const auto y = apply_rotary(x, table).view({4});
  const auto in = x.view({4});
  for (int i = 0; i < 2; ++i) {
    const double angle = 3.0 * std::pow(100.0, -i / 2.0);
    const double a = in[i].item<float>(), b = in[i + 2].item<float>();
    // The angle is rounded too, and moves its sine and cosine as much.
    const double tolerance =
        testing::rounding<float>(testing::kFunction + 2, std::abs(a) + std::abs(b));
    EXPECT_NEAR(y[i].item<float>(), a * std::cos(angle) - b * std::sin(angle), tolerance);
    EXPECT_NEAR(y[i + 2].item<float>(), b * std::cos(angle) + a * std::sin(angle), tolerance);
  }
}

TEST(Rotary, ProductsDependOnDistanceOnly) {
  const auto q = torch::randn({1, 1, 1, 16}), k = torch::randn({1, 1, 1, 16});
  const auto product = [&](int64_t i, int64_t j) {
    const auto at = [](const at::Tensor& x, int64_t position) {
      return apply_rotary(x, rotary_table(torch::tensor({{position}}), {16, 1e4}, torch::kFloat32));
    };
    return (at(q, i) * at(k, j)).sum().item<float>();
  };
  // An angle of 105 is rounded to 105 epsilon, which its sine and cosine inherit.
  const double norm = q.norm().item<double>() * k.norm().item<double>();
  const double tolerance = testing::rounding<float>(16 + 2 * (105 + testing::kFunction), norm);
  EXPECT_NEAR(product(9, 4), product(105, 100), tolerance);
  EXPECT_GT(std::abs(product(9, 4) - product(9, 8)), tolerance);
}

TEST(Rotary, HeadsInOnePassEqualTheFormulaInValueAndGradient) {
  for (const auto type : {at::kFloat, at::kBFloat16}) {
    for (const int64_t sequences : {1, 2}) {  // of the table
      const auto qkv = torch::randn({2, 7, 5, 16}).to(type);
      const auto table =
          rotary_table(torch::randint(90, {sequences, 7}, torch::kInt64), {16, 1e4}, type);
      const auto outer = torch::randn({2, 3, 7, 16}).to(type);
      const auto run = [&](bool fast) {
        const auto leaf = qkv.clone().requires_grad_();
        const auto x = leaf.narrow(2, 1, 3);
        const auto y = fast ? rotate_heads(x, table) : apply_rotary(x, table).transpose(1, 2);
        y.backward(outer);
        return std::pair(y.detach(), leaf.grad());
      };
      const auto [y, dx] = run(true);
      const auto [expected, expected_dx] = run(false);
      EXPECT_TRUE(y.is_contiguous());
      EXPECT_TRUE(agree(y, expected, {.terms = 3}));  // two products and their sum
      EXPECT_TRUE(agree(dx, expected_dx, {.terms = 3}));
    }
  }
  const auto x = torch::randn({1, 2, 1, 8});
  EXPECT_THROW(rotate_heads(x, rotary_table(torch::arange(3).view({1, 3}), {8, 1e4}, at::kFloat)),
               Error);
  EXPECT_THROW(rotate_heads(x, rotary_table(torch::arange(2).view({1, 2}), {4, 1e4}, at::kFloat)),
               Error);
}

}  // namespace
}  // namespace flamingo::nn
