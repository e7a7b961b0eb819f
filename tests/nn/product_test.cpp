#include "flamingo/nn/product.h"

#include <gtest/gtest.h>
#include <torch/types.h>

#include <array>
#include <vector>

#include "flamingo/core/error.h"
#include "tests/support/seed.h"
#include "tests/support/tolerance.h"

namespace flamingo::nn {
namespace {

using testing::agree;

/// Inputs in bf16 and the same values in double, which both learn.
struct Twin {
  Twin(std::initializer_list<int64_t> sizes)
      : narrow(torch::randn(at::IntArrayRef(sizes)).to(at::kBFloat16).requires_grad_()),
        exact(narrow.detach().to(at::kDouble).requires_grad_()) {}

  ::testing::AssertionResult gradients_agree(int64_t terms) const {
    return agree(narrow.grad(), exact.grad(), {.terms = terms, .type = at::kBFloat16});
  }

  at::Tensor narrow, exact;
};

/// Runs both backward from one gradient, of which an expanded one is the hardest to read.
void backward(const at::Tensor& narrow, const at::Tensor& exact) {
  const auto dy = torch::randn({exact.size(-1)}).to(at::kBFloat16).expand(exact.sizes());
  narrow.backward(dy);
  exact.backward(dy.to(at::kDouble));
}

TEST(Product, WideningOfMatricesRoundsEachResultOnce) {
  torch::manual_seed(testing::seeded(3));
  for (const auto& [M, K, N] :
       std::vector<std::array<int64_t, 3>>{{1, 1, 1}, {5, 70, 9}, {520, 33, 1030}, {3, 2100, 5}}) {
    const Twin a{M, K}, b{N, K}, offset{N};
    const auto y = widened_product(a.narrow, b.narrow.t(), offset.narrow);
    const auto expected = at::addmm(offset.exact, a.exact, b.exact.t());
    ASSERT_EQ(y.scalar_type(), at::kBFloat16);
    EXPECT_TRUE(agree(y, expected, {.terms = 1})) << M << " " << K << " " << N;
    backward(y, expected);
    EXPECT_TRUE(a.gradients_agree(1));
    EXPECT_TRUE(b.gradients_agree(1));
    EXPECT_TRUE(offset.gradients_agree(M));  // torch's own sum
  }
}

TEST(Product, WideningOfManyPairs) {
  torch::manual_seed(testing::seeded(4));
  for (const int64_t S : {7, 500, 1100}) {  // in one piece, in three, and each pair in several
    const Twin a{2, 3, 520, 10}, b{2, 3, S, 10};
    const auto y = widened_product(a.narrow, b.narrow.transpose(-2, -1));
    const auto expected = at::matmul(a.exact, b.exact.transpose(-2, -1));
    EXPECT_TRUE(agree(y, expected, {.terms = 1})) << S;
    backward(y, expected);
    EXPECT_TRUE(a.gradients_agree(1)) << S;
    EXPECT_TRUE(b.gradients_agree(1)) << S;
  }
  const auto none = torch::empty({0, 5, 4}, at::kBFloat16);
  EXPECT_EQ(widened_product(none, none.transpose(-2, -1)).sizes(), (std::vector<int64_t>{0, 5, 5}));
}

TEST(Product, WideningKeepsWhatDoesNotLearnFromLearning) {
  const Twin x{6, 4};
  const auto weight = torch::randn({4, 3}).to(at::kBFloat16);
  widened_product(x.narrow, weight).sum().backward();
  EXPECT_FALSE(weight.grad().defined());
  EXPECT_TRUE(x.narrow.grad().defined());
}

TEST(Product, WideningOfConvolutions) {
  torch::manual_seed(testing::seeded(5));
  for (const Convolution& geometry : std::vector<Convolution>{
           {}, {.stride = {2, 1}, .padding = {0, 1}}, {.padding = {1, 1}, .groups = 2}}) {
    const Twin x{3, 4, 360, 400}, kernel{6, 4 / geometry.groups, 3, 2}, bias{6};
    const auto y = widened_convolution(x.narrow, kernel.narrow, bias.narrow, geometry);
    const auto expected = convolution(x.exact, kernel.exact, bias.exact, geometry);
    EXPECT_TRUE(agree(y, expected, {.terms = 1}));
    backward(y, expected);
    EXPECT_TRUE(x.gradients_agree(1));
    EXPECT_TRUE(kernel.gradients_agree(1));
    EXPECT_TRUE(bias.gradients_agree(3 * expected[0][0].numel()));
  }
}

TEST(Product, ChoosesByTypeAndGivesTheSame) {
  torch::manual_seed(testing::seeded(6));
  const auto a = torch::randn({7, 40}), b = torch::randn({40, 6});
  EXPECT_FALSE(needs_widening(a));
  EXPECT_TRUE(at::equal(matrix_product(a, b), at::mm(a, b)));
  const auto narrow_a = a.to(at::kBFloat16), narrow_b = b.to(at::kBFloat16);
  EXPECT_TRUE(agree(matrix_product(narrow_a, narrow_b),
                    narrow_a.to(at::kFloat).mm(narrow_b.to(at::kFloat)), {.terms = 40}));
  EXPECT_EQ(needs_widening(narrow_a.to(at::kMeta)), needs_widening(narrow_a));  // plans its way
}

TEST(Product, RefusesWhatDoesNotFit) {
  const auto a = torch::randn({2, 3, 4});
  EXPECT_THROW(matrix_product(a, torch::randn({2, 5, 3})), Error);
  EXPECT_THROW(matrix_product(a, torch::randn({3, 4, 2})), Error);
  EXPECT_THROW(matrix_product(a, torch::randn({4, 2})), Error);
  EXPECT_THROW(matrix_product(a, torch::randn({2, 4, 2}), torch::randn({2})), Error);
  EXPECT_THROW(convolution(torch::randn({1, 3, 8, 8}), torch::randn({4, 2, 3, 3}), {}, {}), Error);
}

}  // namespace
}  // namespace flamingo::nn
