#pragma once

#include <ATen/core/Tensor.h>

#include <algorithm>
#include <cstdint>

namespace flamingo::vision {

/// What encoders made of convolutions share.

/// [N, C, h, w] -> [N, h w, C], rows of pixels from the top left.
inline at::Tensor grid_to_patches(const at::Tensor& map) { return map.flatten(2).transpose(1, 2); }

/// Nearest multiple of 8, at least 8 and never more than a tenth below `value`.
inline int64_t round_to_8(double value) {
  const int64_t rounded = std::max<int64_t>(8, static_cast<int64_t>(value + 4) / 8 * 8);
  return static_cast<double>(rounded) < 0.9 * value ? rounded + 8 : rounded;
}

}  // namespace flamingo::vision
