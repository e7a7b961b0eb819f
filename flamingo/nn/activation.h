#pragma once

#include <ATen/core/Tensor.h>

#include <array>
#include <utility>

namespace flamingo::nn {

/// Pointwise non-linearities. kGelu is the exact (erf) form, kGeluTanh its tanh approximation,
/// kQuickGelu x * sigmoid(1.702 x), kSquaredRelu relu(x)^2 (Primer, So et al. 2021; paper appendix
/// A.1).
enum class Activation { kGelu, kGeluTanh, kQuickGelu, kRelu, kSquaredRelu, kSilu };
constexpr std::array<std::pair<Activation, const char*>, 6> enum_table(Activation) {
  return {{{Activation::kGelu, "gelu"},
           {Activation::kGeluTanh, "gelu_tanh"},
           {Activation::kQuickGelu, "quick_gelu"},
           {Activation::kRelu, "relu"},
           {Activation::kSquaredRelu, "squared_relu"},
           {Activation::kSilu, "silu"}}};
}

/// x of any shape -> the same shape and type.
at::Tensor activate(Activation kind, const at::Tensor& x);

}  // namespace flamingo::nn
