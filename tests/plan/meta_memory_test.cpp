#include "flamingo/plan/meta_memory.h"

#include <gtest/gtest.h>

#include "flamingo/nn/attention.h"
#include "flamingo/nn/linear.h"
#include "flamingo/nn/recompute.h"
#include "tests/plan/live_bytes.h"

namespace flamingo::plan {
namespace {

torch::TensorOptions meta(torch::ScalarType type = torch::kFloat32) {
  return torch::TensorOptions(type).device(torch::kMeta);
}

TEST(MetaMemory, CountsWhatLives) {
  MetaMemory memory;
  auto a = torch::empty({100}, meta());
  {
    const auto b = torch::empty({25}, meta());
    const auto view = a.narrow(0, 10, 20);
    EXPECT_EQ(memory.live(), 500);
  }
  EXPECT_EQ(memory.live(), 400);
  EXPECT_EQ(memory.peak(), 500);
  memory.forget_peak();
  EXPECT_EQ(memory.peak(), 400);
  memory.enter(StepPart::kActivation);
  const auto c = torch::empty({10}, meta(torch::kBFloat16));
  EXPECT_EQ(memory.at_peak(StepPart::kWeight), 400);
  EXPECT_EQ(memory.at_peak(StepPart::kActivation), 20);
  memory.assign(c, StepPart::kElsewhere);
  EXPECT_EQ(memory.at_peak(StepPart::kActivation), 0);
  a.reset();
  EXPECT_EQ(memory.live(), 20);
  EXPECT_EQ(memory.at_peak(StepPart::kWeight), 400);
}

TEST(MetaMemory, TensorsOutliveIt) {
  torch::Tensor before = torch::empty({100}, meta()), within;
  {
    const MetaMemory memory;
    before.reset();  // was not counted
    within = torch::empty({100}, meta());
    EXPECT_EQ(memory.live(), 400);
  }
  const MetaMemory next;
  within.reset();
  EXPECT_EQ(next.live(), 0);
}

/// W [16, 8], x [32, 8], in fp32.
TEST(MetaMemory, ALinearLayerByHand) {
  MetaMemory memory;
  const nn::Linear layer(8, 16, /*bias=*/false, meta());
  const auto x = torch::empty({32, 8}, meta()), dy = torch::empty({32, 16}, meta());
  memory.enter(StepPart::kActivation);
  memory.forget_peak();
  const auto y = layer->forward(x);
  y.backward(dy);
  memory.assign(layer->weight.grad(), StepPart::kGradient);
  EXPECT_EQ(memory.at_peak(StepPart::kActivation), 32 * 16 * 4);
  EXPECT_EQ(memory.at_peak(StepPart::kGradient), 16 * 8 * 4);
  EXPECT_EQ(memory.at_peak(StepPart::kBuffer), 0);
  EXPECT_EQ(memory.at_peak(StepPart::kWeight), (16 * 8 + 32 * 8 + 32 * 16) * 4);
}

/// On the meta device torch sums them out of place.
TEST(MetaMemory, TwoGradientsOfOneTensorAreSummedInPlace) {
  const auto peak_of = [](const torch::TensorOptions& options, const auto& peak) {
    const auto x = torch::zeros({100}, options).set_requires_grad(true);
    return peak([&] { at::stack({x.exp(), x.tanh()}).sum().backward(); });
  };
  MetaMemory memory;
  const int64_t counted = peak_of(meta(), [&](const std::function<void()>& work) {
    memory.forget_peak();
    const int64_t before = memory.live();
    work();
    return memory.peak() - before;
  });
  EXPECT_EQ(counted, peak_of(torch::TensorOptions(), testing::peak_bytes));
}

/// In fp32 with q, k, v [2, 4, 8, 16]: Q bytes each, S of scores.
template <class Peak>
void expect_attention(const torch::TensorOptions& options, const Peak& peak) {
  const auto make = [&] { return torch::zeros({2, 4, 8, 16}, options).set_requires_grad(true); };
  const auto q = make(), k = make(), v = make(), dy = make().detach();
  const int64_t Q = 2 * 4 * 8 * 16 * 4, S = 2 * 4 * 8 * 8 * 4;
  // Scaled queries, the result, dv, the scores' gradient, from it those of the queries (still
  // scaled) and of the keys (turned).
  EXPECT_EQ(peak([&] { nn::attention(q, k, v, {}).backward(dy); }), 5 * Q + S);
}

TEST(MetaMemory, AttentionByHand) {
  expect_attention(torch::TensorOptions(), testing::peak_bytes);
  MetaMemory memory;
  expect_attention(meta(), [&](const std::function<void()>& work) {
    memory.forget_peak();
    const int64_t before = memory.live();
    work();
    return memory.peak() - before;
  });
}

TEST(MetaMemory, WhatIsComputedAgainIsAnActivation) {
  MetaMemory memory;
  const auto w = torch::empty({8, 8}, meta()).set_requires_grad(true);
  const auto x = torch::empty({4, 8}, meta());
  memory.enter(StepPart::kActivation);
  const auto tall = [w](const std::vector<at::Tensor>& in) {
    return at::cat({in[0].mm(w), in[0].mm(w), in[0].mm(w)}).sum();
  };
  nn::recompute(tall, {x}, {w}).backward();
  EXPECT_GT(memory.at_peak(StepPart::kActivation), 3 * 4 * 8 * 4);
  EXPECT_EQ(memory.at_peak(StepPart::kWeight), (64 + 32) * 4);
}

}  // namespace
}  // namespace flamingo::plan
