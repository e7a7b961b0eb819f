#include "flamingo/nn/attention.h"

#include <gtest/gtest.h>
#include <torch/types.h>

#include <cmath>
#include <limits>

#include "tests/support/rounding.h"

namespace flamingo::nn {
namespace {

using testing::kFunction;
using testing::rounding;

/// The definition with keys and values repeated for every query head, in fp64.
at::Tensor naive(const at::Tensor& q, const at::Tensor& k, const at::Tensor& v,
                 const at::Tensor& bias) {
  const int64_t repeats = q.size(1) / k.size(1);
  const auto all_k = k.repeat_interleave(repeats, 1).to(at::kDouble);
  const auto all_v = v.repeat_interleave(repeats, 1).to(at::kDouble);
  auto scores = q.to(at::kDouble).matmul(all_k.transpose(-2, -1)) / std::sqrt(double(q.size(3)));
  if (bias.defined()) scores = scores + bias;
  return scores.softmax(-1).matmul(all_v);
}

double difference(const at::Tensor& got, const at::Tensor& expected) {
  return (got.detach().to(at::kDouble) - expected.to(at::kDouble)).abs().max().item<double>();
}

at::Tensor causal(int64_t count) {
  return torch::full({count, count}, -std::numeric_limits<float>::infinity())
      .triu(1)
      .view({1, 1, count, count});
}

/// What values in `type` may differ by from the definition in fp64: scores of 8 products, a
/// softmax over `count` and a mean of values; in bf16 also its roundings of scores, shares and
/// result. A rounded score moves its share by as much as the score is large.
double tolerance(at::ScalarType type, int64_t count, const at::Tensor& values) {
  const double largest = values.to(at::kDouble).abs().max().item<double>();
  const double exact = rounding<float>(8 + 2 * count + 2 * kFunction, largest);
  return type == at::kFloat ? exact : exact + rounding<at::BFloat16>(3, largest);
}

TEST(Attention, BothWaysEqualTheDefinition) {
  const torch::NoGradGuard no_grad;
  for (const auto type : {at::kFloat, at::kBFloat16}) {
    for (const int64_t count : {1, 7, 300}) {
      for (const int64_t kv_heads : {1, 2, 6}) {
        const auto q = torch::randn({2, 6, count, 8}).to(type);
        const auto k = torch::randn({2, kv_heads, count, 8}).to(type);
        const auto v = torch::randn({2, kv_heads, count, 8}).to(type);
        for (const auto& bias : {at::Tensor(), causal(count)}) {
          const auto expected = naive(q, k, v, bias);
          const auto range = bias.defined() ? KeyRange::kCausal : KeyRange::kAll;
          const double allowed = tolerance(type, count, v);
          EXPECT_LT(difference(attention(q, k, v, bias, range), expected), allowed);
          EXPECT_LT(difference(plain_attention(q, k, v, bias), expected), allowed);
          EXPECT_EQ(attention(q, k, v, bias).scalar_type(), type);
        }
      }
    }
  }
}

TEST(Attention, GradientsFlowThroughTheSameNumbersInBf16) {
  const auto make = [](int64_t heads) { return torch::randn({2, heads, 40, 8}).to(at::kBFloat16); };
  auto q = make(4), k = make(2), v = make(2);
  const auto padded = torch::zeros({2, 1, 1, 40});
  padded.narrow(3, 30, 10).fill_(-std::numeric_limits<float>::infinity());
  for (const auto& bias : {at::Tensor(), causal(40), padded}) {
    const auto fused = attention(q, k, v, bias);
    const auto with_gradients = attention(q.detach().requires_grad_(), k, v, bias);
    EXPECT_TRUE(with_gradients.requires_grad());
    EXPECT_LT(difference(fused, with_gradients), tolerance(at::kBFloat16, 40, v));
  }
}

}  // namespace
}  // namespace flamingo::nn
