#pragma once

#include <ATen/core/Tensor.h>

namespace flamingo::nn {

/// A matrix for pixel_product(), fp32 on the CPU.
struct PixelMatrix {
  at::Tensor panels;  ///< [ceil(O / 16), C, 16]
  at::Tensor bias;    ///< [ceil(O / 16) * 16]
  int64_t out = 0;    ///< O

  /// Packs a 1x1 kernel [O, C, 1, 1] and bias [O].
  static PixelMatrix pack(const at::Tensor& kernel, const at::Tensor& bias);
};

/// The 1x1 convolution of x [N, C, h, w] (fp32 on the CPU) with a packed matrix, cut off at 0 and
/// `most` where that is above 0, in one pass: [N, O, h, w], channels last. Has no gradient. Throws
/// Error on other types and shapes.
at::Tensor pixel_product(const at::Tensor& x, const PixelMatrix& matrix, double most);

}  // namespace flamingo::nn
