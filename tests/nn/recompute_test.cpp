#include "flamingo/nn/recompute.h"

#include <gtest/gtest.h>
#include <torch/autograd.h>
#include <torch/types.h>

#include <memory>

namespace flamingo::nn {
namespace {

/// f with a mark in the middle of its graph that tells how many graphs are alive.
struct Traced {
  torch::Tensor weight = torch::randn({4, 4}).set_requires_grad(true);
  std::shared_ptr<int> calls = std::make_shared<int>(0);

  TensorFunction function() const {
    return [weight = weight, calls = calls](const std::vector<torch::Tensor>& in) {
      ++*calls;
      auto y = at::matmul(in[0], weight).tanh() + in[0];
      if (in.size() > 1) y = y * in[1];
      return y.square() + at::matmul(y, weight);
    };
  }
};

/// Gradients of sum(w f(inputs)) for some tensors.
std::vector<torch::Tensor> gradients_of(const torch::Tensor& result,
                                        const std::vector<torch::Tensor>& of) {
  const auto weights = torch::linspace(-1, 2, result.numel()).view_as(result);
  return torch::autograd::grad({(result * weights).sum()}, of);
}

TEST(Recompute, ValuesAndAllGradientsAreThoseOfTheFunction) {
  const Traced traced;
  const auto a = torch::randn({5, 4}).set_requires_grad(true);
  const auto b = torch::randn({5, 4}).set_requires_grad(true);
  const std::vector<torch::Tensor> all{a, b, traced.weight};
  const auto plain = traced.function()({a, b});
  const auto again = recompute(traced.function(), {a, b}, {traced.weight});
  EXPECT_TRUE(again.equal(plain));
  const auto expected = gradients_of(plain, all), got = gradients_of(again, all);
  for (size_t i = 0; i < all.size(); ++i) EXPECT_TRUE(got[i].equal(expected[i])) << i;
}

TEST(Recompute, InputsInsideAGraphPassTheirGradientOn) {
  const Traced first, second;
  const auto x = torch::randn({5, 4}).set_requires_grad(true);
  const std::vector<torch::Tensor> all{x, first.weight, second.weight};
  const auto plain = second.function()({first.function()({x})});
  const auto again = recompute(second.function(),
                               {recompute(first.function(), {x}, {first.weight})}, {second.weight});
  const auto expected = gradients_of(plain, all), got = gradients_of(again, all);
  for (size_t i = 0; i < all.size(); ++i) EXPECT_TRUE(got[i].equal(expected[i])) << i;
}

TEST(Recompute, FrozenInputsStayWithoutAGradient) {
  const Traced traced;
  const auto a = torch::randn({5, 4}), b = torch::randn({5, 4});
  const auto result = recompute(traced.function(), {a, b}, {traced.weight});
  result.sum().backward();
  EXPECT_FALSE(a.grad().defined());
  EXPECT_TRUE(traced.weight.grad().defined());
}

TEST(Recompute, RunsTheFunctionAgainOnlyForABackwardPass) {
  const Traced traced;
  const auto x = torch::randn({5, 4});
  {
    const torch::NoGradGuard no_grad;
    recompute(traced.function(), {x}, {traced.weight});
  }
  EXPECT_EQ(*traced.calls, 1);
  const auto result = recompute(traced.function(), {x}, {traced.weight});
  EXPECT_EQ(*traced.calls, 2);
  result.sum().backward();
  EXPECT_EQ(*traced.calls, 3);
}

TEST(Recompute, KeepsNoIntermediateResult) {
  c10::weak_intrusive_ptr<c10::TensorImpl> middle(at::zeros({1}).getIntrusivePtr());
  const auto f = [&](const std::vector<torch::Tensor>& in) {
    const auto y = in[0].exp();  // exp keeps its result for backward
    middle = c10::weak_intrusive_ptr<c10::TensorImpl>(y.getIntrusivePtr());
    return y.sin();  // and sin its input
  };
  const auto x = torch::randn({5}).set_requires_grad(true);
  const auto plain = f({x});
  EXPECT_FALSE(middle.expired());
  const auto again = recompute(f, {x}, {});
  EXPECT_TRUE(middle.expired());
}

}  // namespace
}  // namespace flamingo::nn
