#include "flamingo/nn/depthwise.h"

#include <gtest/gtest.h>
#include <torch/types.h>

#include "flamingo/core/error.h"
#include "flamingo/nn/same_conv.h"
#include "tests/support/tolerance.h"

namespace flamingo::nn {
namespace {

TEST(DepthwiseConvolution, IsSameConvolutionAndACut) {
  const torch::NoGradGuard no_grad;
  for (const int64_t kernel : {1, 3, 5}) {
    for (const int64_t stride : {1, 2, 3}) {
      for (const int64_t channels : {3, 8, 21, 32}) {
        for (const int64_t side : {1, 4, 9, 18}) {
          const auto x = torch::randn({2, channels, side, side + 2});
          const auto weight = torch::randn({channels, 1, kernel, kernel});
          const auto bias = torch::randn({channels});
          const auto expected = same_convolution(x, weight, bias, stride, channels).clamp(0, 1.5);
          const auto taps = weight.squeeze(1).permute({1, 2, 0}).contiguous();
          const auto got = depthwise_convolution(x, taps, bias, stride, 1.5);
          EXPECT_TRUE(testing::agree(got, expected, {.terms = kernel * kernel + 1}))
              << kernel << " " << stride << " " << channels << " " << side;
        }
      }
    }
  }
}

TEST(DepthwiseConvolution, RefusesOtherTypesAndShapes) {
  const auto x = torch::zeros({1, 4, 5, 5});
  const auto taps = torch::zeros({3, 3, 4}), bias = torch::zeros({4});
  EXPECT_NO_THROW(depthwise_convolution(x, taps, bias, 1, 6));
  EXPECT_THROW(depthwise_convolution(x.to(torch::kBFloat16), taps, bias, 1, 6), Error);
  EXPECT_THROW(depthwise_convolution(x, torch::zeros({3, 3, 5}), bias, 1, 6), Error);
  EXPECT_THROW(depthwise_convolution(x, torch::zeros({3, 2, 4}), bias, 1, 6), Error);
  EXPECT_THROW(depthwise_convolution(x, taps, torch::zeros({5}), 1, 6), Error);
}

}  // namespace
}  // namespace flamingo::nn
