#include "flamingo/nn/activation.h"

#include <torch/types.h>

#include "flamingo/core/error.h"

namespace flamingo::nn {

at::Tensor activate(Activation kind, const at::Tensor& x) {
  switch (kind) {
    case Activation::kGelu:
      return at::gelu(x);
    case Activation::kGeluTanh:
      return at::gelu(x, "tanh");
    case Activation::kQuickGelu:
      return x * at::sigmoid(x * 1.702);
    case Activation::kRelu:
      return at::relu(x);
    case Activation::kSquaredRelu:
      return at::relu(x).square();
    case Activation::kSilu:
      return at::silu(x);
  }
  fail("activate", "expected a known activation, got {}", static_cast<int>(kind));
}

}  // namespace flamingo::nn
