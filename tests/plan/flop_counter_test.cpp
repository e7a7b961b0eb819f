#include "flamingo/plan/flop_counter.h"

#include <ATen/record_function.h>
#include <gtest/gtest.h>

#include <functional>
#include <thread>

#include "flamingo/nn/attention.h"
#include "flamingo/nn/linear.h"
#include "flamingo/nn/meta_kernels.h"
#include "flamingo/nn/product.h"
#include "flamingo/nn/recompute.h"

namespace flamingo::plan {
namespace {

Flops counted(const std::function<void()>& work) {
  const FlopCounter counter;
  work();
  return counter.flops();
}

torch::TensorOptions options(torch::ScalarType type, torch::Device device) {
  return torch::TensorOptions(type).device(device);
}

/// Calls check(type, device) for all that a step computes with.
void for_all(const std::function<void(torch::ScalarType, torch::Device)>& check) {
  nn::register_meta_kernels();
  for (const auto type : {torch::kFloat32, torch::kBFloat16}) {
    for (const torch::Device device : {torch::kCPU, torch::kMeta}) check(type, device);
  }
}

TEST(FlopCounter, ALinearLayerByHand) {
  for_all([](torch::ScalarType type, torch::Device device) {
    nn::Linear layer(24, 40, /*bias=*/true, options(torch::kFloat32, device));
    const auto x = torch::zeros({5, 7, 24}, options(type, device)).set_requires_grad(true);
    const Flops flops = counted([&] { layer->forward(x).sum().backward(); });
    const double once = 2.0 * 5 * 7 * 24 * 40;
    EXPECT_EQ(flops.forward, once);
    EXPECT_EQ(flops.backward, 2 * once);  // dx and dW
    EXPECT_EQ(flops.recomputed, 0);
    const auto constant = x.detach();
    EXPECT_EQ(counted([&] { layer->forward(constant).sum().backward(); }).backward, once);
  });
}

TEST(FlopCounter, AttentionByHand) {
  for_all([](torch::ScalarType type, torch::Device device) {
    const auto heads = [&](int64_t count, int64_t tokens) {
      return torch::zeros({3, count, tokens, 16}, options(type, device)).set_requires_grad(true);
    };
    const auto q = heads(4, 8), k = heads(2, 11), v = heads(2, 11);  // two queries a key
    const Flops flops = counted([&] { nn::attention(q, k, v, {}).sum().backward(); });
    const double product = 2.0 * 3 * 4 * 8 * 11 * 16;
    EXPECT_EQ(flops.forward, 2 * product);   // scores, weighted sum
    EXPECT_EQ(flops.backward, 4 * product);  // both factors of both
  });
}

TEST(FlopCounter, AConvolutionByHand) {
  for_all([](torch::ScalarType type, torch::Device device) {
    const auto x = torch::zeros({2, 6, 9, 9}, options(type, device)).set_requires_grad(true);
    const auto kernel = torch::zeros({8, 3, 3, 3}, options(type, device)).set_requires_grad(true);
    const nn::Convolution geometry{.stride = {2, 2}, .padding = {1, 1}, .groups = 2};
    const Flops flops = counted([&] { nn::convolution(x, kernel, {}, geometry).sum().backward(); });
    const double once = 2.0 * 2 * 8 * 5 * 5 * 3 * 3 * 3;
    EXPECT_EQ(flops.forward, once);
    EXPECT_EQ(flops.backward, 2 * once);
  });
}

TEST(FlopCounter, WhatIsComputedAgainIsCountedApart) {
  const auto w = torch::zeros({8, 8}).set_requires_grad(true), x = torch::zeros({4, 8});
  const auto twice = [w](const std::vector<at::Tensor>& in) { return in[0].mm(w).mm(w); };
  const Flops flops = counted([&] { nn::recompute(twice, {x}, {w}).sum().backward(); });
  const double once = 2.0 * 4 * 8 * 8;
  EXPECT_EQ(flops.forward, 2 * once);
  EXPECT_EQ(flops.recomputed, 2 * once);
  EXPECT_EQ(flops.backward, 3 * once);
  EXPECT_EQ(flops.model(), 5 * once);
  EXPECT_EQ(flops.total(), 7 * once);
}

TEST(FlopCounter, CountersSeeAllThreadsAndLeaveOutWhatIsGuarded) {
  const auto x = torch::zeros({8, 8});
  const double once = 2.0 * 8 * 8 * 8;
  const FlopCounter outer;
  x.mm(x);
  {
    const FlopCounter inner;
    std::thread([&] { x.mm(x); }).join();
    EXPECT_EQ(inner.flops().forward, once);
  }
  {
    const at::RecordFunctionGuard not_counted(/*is_enabled=*/false);
    x.mm(x);
  }
  EXPECT_EQ(outer.flops().forward, 2 * once);
}

TEST(FlopCounter, AnErrorWithinAProductLeavesItCounting) {
  const auto x = torch::zeros({8, 8}), other = torch::zeros({7, 8});
  EXPECT_THROW(counted([&] { x.mm(other); }), c10::Error);
  EXPECT_EQ(counted([&] { x.mm(x); }).forward, 2.0 * 8 * 8 * 8);
}

}  // namespace
}  // namespace flamingo::plan
