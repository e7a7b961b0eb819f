#include "flamingo/lm/decoupled_vocab.h"

#include <gtest/gtest.h>

#include "flamingo/core/error.h"
#include "flamingo/nn/init.h"
#include "tests/support/tolerance.h"

namespace flamingo::lm {
namespace {

constexpr VocabSizes kSizes{.base = 5, .additional = 2, .dim = 4};

TEST(DecoupledEmbedding, AdditionalIdsReadTheirOwnTable) {
  DecoupledEmbedding embedding(kSizes, torch::kFloat32, torch::kFloat32);
  nn::init_weights(*embedding, 1);
  const auto rows = embedding->forward(torch::tensor({{0, 5, 4, 6}}, torch::kInt64))[0];
  EXPECT_TRUE(rows[0].equal(embedding->weight[0]));
  EXPECT_TRUE(rows[1].equal(embedding->additional_embedding->weight[0]));
  EXPECT_TRUE(rows[2].equal(embedding->weight[4]));
  EXPECT_TRUE(rows[3].equal(embedding->additional_embedding->weight[1]));
}

TEST(DecoupledEmbedding, GradientsReachAdditionalRowsOnly) {
  DecoupledEmbedding embedding(kSizes, torch::kBFloat16, torch::kFloat32);
  nn::init_weights(*embedding, 1);
  embedding->weight.set_requires_grad(false);
  embedding->forward(torch::tensor({{0, 6, 6}}, torch::kInt64)).sum().backward();
  const auto grad = embedding->additional_embedding->weight.grad();
  EXPECT_EQ(grad.scalar_type(), torch::kFloat32);
  EXPECT_EQ(grad[0].abs().sum().item<float>(), 0.f);
  EXPECT_EQ(grad[1].sum().item<float>(), 8.f);  // 2 uses x 4 channels
}

TEST(DecoupledEmbedding, RefusesUnknownIds) {
  DecoupledEmbedding embedding(kSizes, torch::kFloat32, torch::kFloat32);
  EXPECT_THROW(embedding->forward(torch::tensor({{7}}, torch::kInt64)), Error);
  EXPECT_THROW(embedding->forward(torch::tensor({{-1}}, torch::kInt64)), Error);
  EXPECT_THROW(embedding->forward(torch::tensor({1}, torch::kInt64)), Error);
}

TEST(DecoupledHead, TiedAndUntiedLogits) {
  const auto hidden = torch::randn({2, 3, 4}), table = torch::randn({5, 4});
  for (const bool tied : {true, false}) {
    DecoupledHead head(kSizes, tied, torch::kFloat32, torch::kFloat32);
    nn::init_weights(*head, 2);
    const auto base = tied ? table : head->weight;
    const auto expected =
        torch::cat({hidden.matmul(base.t()), hidden.matmul(head->additional_fc->weight.t())}, -1);
    EXPECT_TRUE(testing::agree(head->forward(hidden, table), expected, {.terms = 4}));
  }
}

}  // namespace
}  // namespace flamingo::lm
