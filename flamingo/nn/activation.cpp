#include "flamingo/nn/activation.h"

#include <c10/util/Exception.h>
#include <torch/types.h>

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
  TORCH_INTERNAL_ASSERT(false, "activation ", static_cast<int>(kind));
}

}  // namespace flamingo::nn
