#include "flamingo/nn/same_conv.h"

#include <algorithm>

#include "flamingo/core/shape.h"
#include "flamingo/nn/linear.h"
#include "flamingo/nn/product.h"

namespace flamingo::nn {

std::pair<int64_t, int64_t> same_padding(int64_t size, int64_t kernel, int64_t stride) {
  const int64_t windows = (size + stride - 1) / stride;
  const int64_t total = std::max<int64_t>((windows - 1) * stride + kernel - size, 0);
  return {total / 2, total - total / 2};
}

at::Tensor same_convolution(const at::Tensor& x, const at::Tensor& kernel, const at::Tensor& bias,
                            int64_t stride, int64_t groups) {
  expect_shape(x, {kAny, kernel.size(1) * groups, kAny, kAny}, "convolution x");
  const auto [top, bottom] = same_padding(x.size(2), kernel.size(2), stride);
  const auto [left, right] = same_padding(x.size(3), kernel.size(3), stride);
  Convolution geometry{.stride = {stride, stride}, .groups = groups};
  if (top == bottom && left == right) {
    geometry.padding = {top, left};
    return convolution(x, kernel, bias, geometry);
  }
  return convolution(at::constant_pad_nd(x, {left, right, top, bottom}), kernel, bias, geometry);
}

SameConvImpl::SameConvImpl(const SameConvConfig& config, const torch::TensorOptions& options)
    : config_(config) {
  const auto& c = config_;
  require(c.in > 0 && c.out > 0 && c.kernel > 0 && c.stride > 0 && c.groups > 0, "SameConv",
          "expected positive sizes, got a zero or negative one");
  require(c.in % c.groups == 0 && c.out % c.groups == 0, "SameConv",
          "expected groups to divide {} and {} channels, got {}", c.in, c.out, c.groups);
  weight = register_parameter("weight",
                              torch::empty({c.out, c.in / c.groups, c.kernel, c.kernel}, options));
  bias = register_parameter("bias", torch::empty({c.out}, options));
}

torch::Tensor SameConvImpl::forward(const torch::Tensor& x) const {
  return same_convolution(x, cast_like(weight, x), cast_like(bias, x), config_.stride,
                          config_.groups);
}

void SameConvImpl::init_own() { weight.mul_(config_.init_gain); }

}  // namespace flamingo::nn
