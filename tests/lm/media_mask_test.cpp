#include "flamingo/lm/media_mask.h"

#include <gtest/gtest.h>
#include <torch/types.h>

#include <vector>

#include "flamingo/core/error.h"
#include "flamingo/core/rng.h"
#include "tests/support/seed.h"

namespace flamingo::lm {
namespace {

std::vector<int64_t> list(const at::Tensor& tensor) {
  return {tensor.const_data_ptr<int64_t>(), tensor.const_data_ptr<int64_t>() + tensor.numel()};
}

TEST(MediaPlan, TruthTable) {
  const auto plan = plan_media(torch::tensor({{0, 1, 1, 2}, {0, 0, 2, 2}}, torch::kInt64), 2);
  EXPECT_EQ(plan.num_visible, 5);
  EXPECT_EQ(list(plan.tokens), (std::vector<int64_t>{1, 2, 3, 6, 7}));
  EXPECT_EQ(list(plan.media), (std::vector<int64_t>{0, 1, 3}));
  EXPECT_EQ(plan.group_size, 2);
  EXPECT_FALSE(plan.in_order);
}

TEST(MediaPlan, TruthTableOfAllPrevious) {
  const auto plan = plan_media(torch::tensor({{0, 1, 1, 3}, {0, 0, 2, 2}}, torch::kInt64), 3,
                               torch::kCPU, MediaAttention::kAllPrevious);
  EXPECT_EQ(list(plan.tokens), (std::vector<int64_t>{1, 2, 3, 6, 7}));
  EXPECT_EQ(plan.group_media, 3);
  EXPECT_EQ(list(plan.media), (std::vector<int64_t>{0, 1, 2, 0, 1, 2, 3, 4, 5}));
  const auto seen = torch::tensor({{1, 0, 0}, {1, 1, 1}, {1, 1, 0}}).to(torch::kBool);
  EXPECT_TRUE(plan.media_bias.isinf().equal(seen.logical_not()));
  EXPECT_EQ(plan.media_bias.masked_select(seen).abs().sum().item<float>(), 0.f);
  const auto step =
      plan_media(torch::tensor({{2}}, torch::kInt64), 5, torch::kCPU, MediaAttention::kAllPrevious);
  EXPECT_EQ(list(step.media), (std::vector<int64_t>{0, 1}));
  EXPECT_FALSE(step.media_bias.defined());
}

TEST(MediaPlan, NothingVisible) {
  const auto plan = plan_media(torch::zeros({2, 3}, torch::kInt64), 0);
  EXPECT_EQ(plan.num_visible, 0);
  EXPECT_EQ(plan.num_tokens, 6);
}

TEST(MediaPlan, DecodeStepIsTheIdentity) {
  const auto plan = plan_media(torch::tensor({{3}, {1}}, torch::kInt64), 3);
  EXPECT_TRUE(plan.in_order);
  EXPECT_FALSE(plan.slot_tokens.defined());
  EXPECT_EQ(list(plan.media), (std::vector<int64_t>{2, 3}));
}

TEST(MediaPlan, EverySlotBelongsToItsTokensImage) {
  Rng rng(testing::seeded(11));
  for (int round = 0; round < 200; ++round) {
    const int64_t batch = 1 + rng.below(3), count = 1 + rng.below(60), images = 1 + rng.below(5);
    auto phi = torch::zeros({batch, count}, torch::kInt64);
    for (int64_t i = 0; i < phi.numel(); ++i) {
      if (rng.coin(0.8)) phi.view(-1)[i] = static_cast<int64_t>(rng.below(images + 1));
    }
    const auto plan = plan_media(phi, images);
    ASSERT_EQ(plan.num_visible, (phi > 0).sum().item<int64_t>());
    if (plan.num_visible == 0) continue;
    ASSERT_LE(plan.num_groups * plan.group_size,
              2 * plan.num_visible + (16 + plan.group_size) * batch * images);
    for (int64_t i = 0; i < plan.num_visible; ++i) {
      const int64_t token = plan.tokens[i].item<int64_t>();
      const int64_t slot = plan.token_slots.defined() ? plan.token_slots[i].item<int64_t>() : i;
      const int64_t image = plan.media[slot / plan.group_size].item<int64_t>();
      ASSERT_EQ(image, token / count * images + phi.view(-1)[token].item<int64_t>() - 1);
      if (plan.slot_tokens.defined()) {
        ASSERT_EQ(plan.slot_tokens[slot].item<int64_t>(), i);
      }
    }
  }
}

TEST(MediaPlan, RefusesImagesThatAreNotThere) {
  EXPECT_THROW(plan_media(torch::tensor({{3}}, torch::kInt64), 2), Error);
  EXPECT_THROW(plan_media(torch::tensor({{-1}}, torch::kInt64), 2), Error);
  EXPECT_THROW(plan_media(torch::tensor({1}, torch::kInt64), 2), Error);
}

}  // namespace
}  // namespace flamingo::lm
