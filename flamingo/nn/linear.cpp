#include "flamingo/nn/linear.h"

#include <torch/nn/functional/linear.h>

#include "flamingo/core/shape.h"

namespace flamingo {

torch::Tensor cast_like(const torch::Tensor& tensor, const torch::Tensor& like) {
  return tensor.scalar_type() == like.scalar_type() ? tensor : tensor.to(like.scalar_type());
}

torch::Tensor linear_by_rows(const torch::Tensor& x, const torch::Tensor& weight,
                             const torch::Tensor& bias) {
  if (x.dim() < 3) return at::linear(x, weight, bias);
  return at::linear(x.flatten(0, -2), weight, bias).unflatten(0, x.sizes().slice(0, x.dim() - 1));
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
  return linear_by_rows(x, cast_like(weight, x),
                        bias.defined() ? cast_like(bias, x) : torch::Tensor());
}

}  // namespace flamingo
