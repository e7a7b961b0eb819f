#pragma once

#include <algorithm>
#include <cstdint>

namespace flamingo::kernels {

/// Outputs of a panel of packed weights.
inline constexpr int64_t kPanel = 16;

/// A 1x1 convolution: every pixel's channels times one matrix.
struct PixelProduct {
  const float* x = nullptr;  ///< [pixels, in]
  const float* panels =
      nullptr;  ///< [ceil(out / 16), in, 16]: the matrix [in, out], zeros at its end
  const float* bias = nullptr;  ///< [ceil(out / 16) * 16]
  int64_t pixels = 0;
  int64_t in = 0;
  int64_t out = 0;
  float least = 0, most = 0;  ///< results are cut off at these
};

/// One value of the product; the definition of Kernels::pixel_product.
inline float pixel_value(const PixelProduct& product, int64_t pixel, int64_t output) {
  const float* panel = product.panels + output / kPanel * product.in * kPanel + output % kPanel;
  float sum = product.bias[output];
  for (int64_t i = 0; i < product.in; ++i)
    sum += product.x[pixel * product.in + i] * panel[i * kPanel];
  return std::min(std::max(sum, product.least), product.most);
}

}  // namespace flamingo::kernels
