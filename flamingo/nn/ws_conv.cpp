#include "flamingo/nn/ws_conv.h"

#include <cmath>

#include "flamingo/core/shape.h"
#include "flamingo/nn/linear.h"
#include "flamingo/nn/same_conv.h"

namespace flamingo::nn {

WsConvImpl::WsConvImpl(const WsConvConfig& config, const torch::TensorOptions& options)
    : config_(config) {
  const auto& c = config_;
  require(c.in > 0 && c.out > 0 && c.kernel > 0 && c.stride > 0 && c.groups > 0, "WsConv",
          "expected positive sizes, got a zero or negative one");
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
  return same_convolution(x, kernel, cast_like(bias, x), config_.stride, config_.groups);
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
