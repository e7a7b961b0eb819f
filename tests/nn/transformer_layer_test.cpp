#include "flamingo/nn/transformer_layer.h"

#include <gtest/gtest.h>
#include <torch/types.h>

#include "flamingo/core/error.h"
#include "flamingo/nn/init.h"
#include "tests/support/tolerance.h"

namespace flamingo::nn {
namespace {

using testing::agree;
using testing::kFunction;

/// Norm, q, k and v, scores over up to 5 places, o; norm, up, down; and four functions.
constexpr int64_t kTerms = (16 + 16 + 8 + 5 + 16) + (16 + 16 + 32) + 4 * kFunction;

TEST(TransformerLayer, IsEquivariantToPermutationsOfPositions) {
  TransformerLayer layer(TransformerLayerConfig{.width = 16, .heads = 4, .mlp_width = 32},
                         torch::kFloat32);
  init_weights(*layer, 3);
  const auto x = torch::randn({2, 5, 16});
  const auto order = torch::tensor({4, 2, 0, 1, 3});
  EXPECT_TRUE(agree(layer->forward(x.index_select(1, order)),
                    layer->forward(x).index_select(1, order), {.terms = kTerms}));
}

TEST(TransformerLayer, BiasHidesPositions) {
  TransformerLayer layer(TransformerLayerConfig{.width = 16, .heads = 2, .mlp_width = 32},
                         torch::kFloat32);
  init_weights(*layer, 3);
  auto x = torch::randn({1, 4, 16});
  const auto bias = torch::tensor({0.0F, 0.0F, 0.0F, -1e9F}).view({1, 1, 1, 4});
  const auto before = layer->forward(x, bias).slice(1, 0, 3);
  x.select(1, 3).fill_(5.0);
  EXPECT_TRUE(layer->forward(x, bias).slice(1, 0, 3).equal(before));
  EXPECT_FALSE(agree(layer->forward(x).slice(1, 0, 3), before, {.terms = kTerms}));
}

TEST(TransformerLayer, RefusesHeadsThatDoNotDivideTheWidth) {
  EXPECT_THROW(SelfAttention(10, 3, torch::kFloat32), Error);
}

}  // namespace
}  // namespace flamingo::nn
