#pragma once

/// Shape legend, used in every comment and check:
///   B batch, T text tokens, M media per sample, F frames, P patches, R latents, D LM width, Dv
///   visual width, Dr media token width, H heads, Dh head width, V vocabulary, A additional
///   vocabulary, N pictures, S picture side in pixels.

#include <ATen/core/Tensor.h>

#include <initializer_list>
#include <string>
#include <string_view>

#include "flamingo/core/error.h"

namespace flamingo {

/// Stands for "any extent" in expect_shape.
inline constexpr int64_t kAny = -1;

/// A shape in a message: "[2, 3, *]", kAny as "*".
template <>
struct MessageText<at::IntArrayRef> {
  static std::string of(at::IntArrayRef shape) {
    std::string text = "[";
    for (size_t i = 0; i < shape.size(); ++i) {
      text += (i ? ", " : "") + (shape[i] == kAny ? std::string("*") : std::to_string(shape[i]));
    }
    return text + "]";
  }
};

/// Throws Error unless tensor, of any shape, has exactly these extents (kAny matches all).
inline void expect_shape(const at::Tensor& tensor, std::initializer_list<int64_t> expected,
                         std::string_view name) {
  bool same = tensor.dim() == static_cast<int64_t>(expected.size());
  int64_t axis = 0;
  for (const int64_t extent : expected) {
    same = same && (extent == kAny || tensor.size(axis) == extent);
    ++axis;
  }
  require(same, name, "expected shape {}, got {}",
          at::IntArrayRef(expected.begin(), expected.size()), tensor.sizes());
}

}  // namespace flamingo
