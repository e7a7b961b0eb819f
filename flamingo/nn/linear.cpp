#include "flamingo/nn/linear.h"

#include <torch/nn/functional/linear.h>

#include "flamingo/core/shape.h"

namespace flamingo {

torch::Tensor cast_like(const torch::Tensor& tensor, const torch::Tensor& like) {
  return tensor.scalar_type() == like.scalar_type() ? tensor : tensor.to(like.scalar_type());
}

LinearImpl::LinearImpl(int64_t in, int64_t out, bool with_bias, const torch::TensorOptions& options)
    : weight(register_parameter("weight", torch::empty({out, in}, options))) {
  if (with_bias) bias = register_parameter("bias", torch::empty({out}, options));
}

torch::Tensor LinearImpl::forward(const torch::Tensor& x) const {
  if (x.dim() < 1 || x.size(-1) != weight.size(1)) {
    fail("Linear",
         "expected x [..., " + std::to_string(weight.size(1)) + "], got " + shape_text(x.sizes()));
  }
  return at::linear(x, cast_like(weight, x), bias.defined() ? cast_like(bias, x) : torch::Tensor());
}

}  // namespace flamingo
