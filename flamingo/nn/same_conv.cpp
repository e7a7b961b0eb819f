#include "flamingo/nn/same_conv.h"

#include <torch/types.h>

#include <algorithm>

#include "flamingo/core/shape.h"
#include "flamingo/nn/depthwise.h"
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
  expect_shape(x, {kAny, config_.in, kAny, kAny}, "SameConv x");
  if (folded_.defined() && x.scalar_type() == torch::kFloat32 && x.is_cpu())
    return folded_forward(x);
  return cut(same_convolution(x, cast_like(weight, x), cast_like(bias, x), config_.stride,
                              config_.groups));
}

torch::Tensor SameConvImpl::folded_forward(const torch::Tensor& x) const {
  switch (form()) {
    case Form::kDepthwise:
      return depthwise_convolution(x, folded_, folded_bias_, config_.stride, config_.most);
    case Form::kPixel:
      return pixel_product(x, matrix_, config_.most);
    case Form::kKernel:
      break;
  }
  return cut(same_convolution(x, folded_, folded_bias_, config_.stride, config_.groups));
}

torch::Tensor SameConvImpl::cut(torch::Tensor y) const {
  return config_.most > 0 ? at::hardtanh_(y, 0, config_.most) : y;  // for backward y is enough
}

SameConvImpl::Form SameConvImpl::form() const {
  const auto& c = config_;
  if (c.groups == c.in && c.in == c.out && c.most > 0) return Form::kDepthwise;
  return c.kernel == 1 && c.stride == 1 && c.groups == 1 ? Form::kPixel : Form::kKernel;
}

void SameConvImpl::fold() {
  const torch::NoGradGuard no_grad;
  if (!weight.is_cpu()) return;
  folded_ = weight.to(torch::kFloat32);
  folded_bias_ = bias.to(torch::kFloat32);
  if (form() == Form::kDepthwise) folded_ = folded_.squeeze(1).permute({1, 2, 0}).contiguous();
  if (form() == Form::kPixel) matrix_ = PixelMatrix::pack(folded_, folded_bias_);
}

void SameConvImpl::train(bool on) {
  if (on) {
    folded_ = folded_bias_ = torch::Tensor();
    matrix_ = {};
  }
  Module::train(on);
}

void SameConvImpl::init_own() { weight.mul_(config_.init_gain); }

}  // namespace flamingo::nn
