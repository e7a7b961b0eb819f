#include "flamingo/nn/pixel_product.h"

#include <gtest/gtest.h>
#include <torch/types.h>

#include "flamingo/core/error.h"
#include "tests/support/tolerance.h"

namespace flamingo::nn {
namespace {

TEST(PixelProduct, IsAConvolutionOfSinglePixels) {
  const torch::NoGradGuard no_grad;
  for (const int64_t in : {3, 40}) {
    for (const int64_t out : {1, 16, 24, 37}) {
      for (const double most : {0.0, 1.5}) {
        const auto x = torch::randn({2, in, 5, 7});
        const auto kernel = torch::randn({out, in, 1, 1}), bias = torch::randn({out});
        auto expected = at::conv2d(x, kernel, bias);
        if (most > 0) expected = expected.clamp(0, most);
        const auto got = pixel_product(x, PixelMatrix::pack(kernel, bias), most);
        EXPECT_TRUE(testing::agree(got, expected, {.terms = in + 1})) << in << " " << out;
      }
    }
  }
}

TEST(PixelProduct, RefusesOtherTypesAndShapes) {
  const auto matrix = PixelMatrix::pack(torch::zeros({4, 6, 1, 1}), torch::zeros({4}));
  const auto x = torch::zeros({1, 6, 5, 5});
  EXPECT_NO_THROW(pixel_product(x, matrix, 6));
  EXPECT_THROW(pixel_product(x.to(torch::kBFloat16), matrix, 6), Error);
  EXPECT_THROW(pixel_product(torch::zeros({1, 5, 5, 5}), matrix, 6), Error);
  EXPECT_THROW(PixelMatrix::pack(torch::zeros({4, 6, 3, 3}), torch::zeros({4})), Error);
  EXPECT_THROW(PixelMatrix::pack(torch::zeros({4, 6, 1, 1}), torch::zeros({5})), Error);
}

}  // namespace
}  // namespace flamingo::nn
