#include "flamingo/parallel/tensor_shard.h"

#include <gtest/gtest.h>
#include <torch/types.h>

#include "flamingo/core/error.h"
#include "tests/parallel/forked_ranks.h"
#include "tests/support/tolerance.h"

namespace flamingo::parallel {
namespace {

TEST(TensorShard, CutsEachStackedPart) {
  const auto whole = torch::arange(12.0).view({6, 2});
  const TensorShard rows{.axis = 0, .parts = {4, 2}};
  EXPECT_TRUE(cut(whole, rows, 0, 2).equal(whole.index_select(0, torch::tensor({0, 1, 4}))));
  EXPECT_TRUE(cut(whole, rows, 1, 2).equal(whole.index_select(0, torch::tensor({2, 3, 5}))));
}

TEST(TensorShard, JoinIsTheOppositeOfCut) {
  const auto whole = torch::randn({12, 8});
  for (const TensorShard& shard : {TensorShard{0, {8, 4}}, TensorShard{0, {12}},
                                   TensorShard{1, {8}}, TensorShard{1, {4, 4}}}) {
    std::vector<torch::Tensor> pieces;
    for (int64_t rank = 0; rank < 4; ++rank) pieces.push_back(cut(whole, shard, rank, 4));
    EXPECT_TRUE(pieces[0].is_contiguous());
    EXPECT_TRUE(join(torch::stack(pieces), shard).equal(whole));
  }
}

TEST(TensorShard, RefusesUnevenParts) {
  EXPECT_THROW(cut(torch::zeros({6, 2}), {.axis = 0, .parts = {3, 3}}, 0, 2), Error);
}

/// A two-layer product, whole or shared: its value and the gradients of x and both weights.
std::vector<torch::Tensor> two_layers(const ProcessGroup& group) {
  nn::Linear first(3, 8, true, torch::kFloat32), second(8, 2, true, torch::kFloat32);
  const TensorShard rows{0, {4, 4}}, columns{1, {4, 4}};
  const torch::NoGradGuard no_grad;
  first->weight.copy_(torch::linspace(-1, 1, 24).view({8, 3}));
  first->bias.copy_(torch::linspace(-1, 1, 8));
  second->weight.copy_(torch::linspace(2, -1, 16).view({2, 8}));
  second->bias.copy_(torch::linspace(-1, 1, 2));
  if (group.size() > 1) {
    first->weight.set_data(cut(first->weight, rows, group.rank(), group.size()));
    first->bias.set_data(cut(first->bias, rows, group.rank(), group.size()));
    second->weight.set_data(cut(second->weight, columns, group.rank(), group.size()));
    first->around.push_back(column_parallel(group));
    second->around.push_back(row_parallel(group));
  }
  const torch::AutoGradMode gradients(true);
  const auto x = torch::linspace(-2, 2, 12).view({2, 2, 3}).requires_grad_();
  const auto halves = first->forward(x).chunk(2, -1);
  const auto y = second->forward(at::cat({halves[0].tanh(), halves[1].sin()}, -1));
  (y * y).sum().backward();
  const auto whole = [&](const torch::Tensor& tensor, const TensorShard& shard) {
    return group.size() > 1 ? join(group.all_gather(tensor), shard) : tensor;
  };
  return {y.detach(),
          x.grad(),
          whole(first->weight.grad(), rows),
          whole(first->bias.grad(), rows),
          whole(second->weight.grad(), columns),
          second->bias.grad()};
}

TEST(TensorShard, SharedProductsHaveTheWholeOnesValuesAndGradients) {
  const auto expected = two_layers({});
  const auto texts = testing::texts_of(4, [&](const ProcessGroup& group) {
    const auto actual = two_layers(group);
    for (size_t i = 0; i < expected.size(); ++i) {
      // Forward and back through both layers and two functions.
      const testing::Rounding rounding{.terms = 2 * (3 + 8 + 2) + 2 * testing::kFunction};
      if (!testing::agree(actual[i], expected[i], rounding)) return "other " + std::to_string(i);
    }
    return std::string();
  });
  for (const auto& text : texts) EXPECT_EQ(text, "");
}

}  // namespace
}  // namespace flamingo::parallel
