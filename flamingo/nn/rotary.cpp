#include "flamingo/nn/rotary.h"

#include <ATen/Functions.h>
#include <ATen/TensorOperators.h>

#include <cmath>

namespace flamingo {

RotaryTable rotary_table(const at::Tensor& positions, int64_t head_dim, double base,
                         at::ScalarType type) {
  const auto options = at::TensorOptions(at::kFloat).device(positions.device());
  const auto exponents = at::arange(0, head_dim, 2, options) / static_cast<double>(head_dim);
  const auto frequencies = at::pow(at::Scalar(base), exponents).reciprocal();  // [Dh / 2]
  const auto angles = positions.to(at::kFloat).unsqueeze(-1) * frequencies;    // [B, T, Dh / 2]
  const auto cos = at::cos(angles), sin = at::sin(angles);
  return {at::cat({cos, cos}, -1).unsqueeze(2).to(type),
          at::cat({-sin, sin}, -1).unsqueeze(2).to(type)};  // [B, T, 1, Dh]
}

at::Tensor apply_rotary(const at::Tensor& x, const RotaryTable& table) {
  return x * table.cos + at::roll(x, {x.size(-1) / 2}, {-1}) * table.sin;
}

}  // namespace flamingo
