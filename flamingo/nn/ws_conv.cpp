#include "flamingo/nn/ws_conv.h"

#include <algorithm>
#include <cmath>

#include "flamingo/core/shape.h"
#include "flamingo/nn/linear.h"
#include "flamingo/nn/product.h"

namespace flamingo::nn {

std::pair<int64_t, int64_t> same_padding(int64_t extent, int64_t kernel, int64_t stride) {
  const int64_t windows = (extent + stride - 1) / stride;
  const int64_t total = std::max<int64_t>((windows - 1) * stride + kernel - extent, 0);
  return {total / 2, total - total / 2};
}

WsConvImpl::WsConvImpl(const WsConvConfig& config, const torch::TensorOptions& options)
    : config_(config) {
  const auto& c = config_;
  require(c.in > 0 && c.out > 0 && c.kernel > 0 && c.stride > 0 && c.groups > 0, "WsConv",
          "expected positive extents, got a zero or negative one");
  require(c.in % c.groups == 0 && c.out % c.groups == 0, "WsConv",
          "expected groups to divide {} and {} channels, got {}", c.in, c.out, c.groups);
  weight = register_parameter("weight",
                              torch::empty({c.out, c.in / c.groups, c.kernel, c.kernel}, options));
  bias = register_parameter("bias", torch::empty({c.out}, options));
  gain = register_parameter("gain", torch::empty({c.out, 1, 1, 1}, options));
}

torch::Tensor WsConvImpl::standardised() const {
  const auto wide = at::promote_types(weight.scalar_type(), torch::kFloat32);
  const auto rows = weight.to(wide).flatten(1);  // [out, N]
  const int64_t fan_in = rows.size(1);
  const auto scale = gain.to(wide).flatten(1) * config_.input_scale;  // [out, 1]
  if (config_.floor == WsFloor::kAdd) {
    const auto unit = at::layer_norm(rows, {fan_in}, {}, {}, config_.eps);
    return (unit * (scale / std::sqrt(static_cast<double>(fan_in)))).view_as(weight);
  }
  const auto [var, mean] =
      at::var_mean(rows, at::IntArrayRef{1}, /*correction=*/0, /*keepdim=*/true);
  const auto inverse = (var * fan_in).clamp_min(config_.eps).rsqrt();
  return ((rows - mean) * (inverse * scale)).view_as(weight);
}

torch::Tensor WsConvImpl::forward(const torch::Tensor& x) const {
  expect_shape(x, {kAny, config_.in, kAny, kAny}, "WsConv x");
  const bool use_folded = folded_.defined() && folded_.scalar_type() == x.scalar_type();
  const auto kernel = use_folded ? folded_ : cast_like(standardised(), x);
  const auto offset = cast_like(bias, x);
  const auto [top, bottom] = same_padding(x.size(2), config_.kernel, config_.stride);
  const auto [left, right] = same_padding(x.size(3), config_.kernel, config_.stride);
  Convolution geometry{.stride = {config_.stride, config_.stride}, .groups = config_.groups};
  if (top == bottom && left == right) {
    geometry.padding = {top, left};
    return convolution(x, kernel, offset, geometry);
  }
  return convolution(at::constant_pad_nd(x, {left, right, top, bottom}), kernel, offset, geometry);
}

void WsConvImpl::fold(torch::ScalarType dtype) {
  const torch::NoGradGuard no_grad;
  folded_ = standardised().to(dtype);
}

void WsConvImpl::train(bool on) {
  if (on) folded_ = torch::Tensor();
  Module::train(on);
}

}  // namespace flamingo::nn
