#include "flamingo/nn/rotary.h"

#include <ATen/Parallel.h>
#include <torch/autograd.h>
#include <torch/types.h>

#include <algorithm>
#include <cmath>

#include "flamingo/core/shape.h"
#include "flamingo/kernels/kernels.h"

namespace flamingo::nn {
namespace {

using torch::autograd::AutogradContext;
using torch::autograd::variable_list;

constexpr int64_t kHeadsPerThread = 256;

/// Calls row(x's head, cosines, sines, y's head) for every token and head: x [B, T, H, Dh] and y
/// [B, T, H, Dh] in any order of the first three axes, cos and sin [B or 1, T, 1, Dh].
template <class E, class Row>
void for_heads(const at::Tensor& x, const RotaryTable& table, const at::Tensor& y, const Row& row) {
  const int64_t T = x.size(1), H = x.size(2), Dh = x.size(3);
  const int64_t of_sequence = table.cos.size(0) == 1 ? 0 : T * Dh;
  const auto at_token = [](const at::Tensor& t, int64_t b, int64_t i) {
    return static_cast<E*>(t.data_ptr()) + b * t.stride(0) + i * t.stride(1);
  };
  const auto* cos = static_cast<const E*>(table.cos.const_data_ptr());
  const auto* sin = static_cast<const E*>(table.sin.const_data_ptr());
  at::parallel_for(0, x.size(0) * T, std::max<int64_t>(kHeadsPerThread / H, 1),
                   [&](int64_t begin, int64_t end) {
                     for (int64_t token = begin; token < end; ++token) {
                       const int64_t b = token / T, i = token % T, at = b * of_sequence + i * Dh;
                       for (int64_t h = 0; h < H; ++h)
                         row(at_token(x, b, i) + h * x.stride(2), cos + at, sin + at,
                             at_token(y, b, i) + h * y.stride(2));
                     }
                   });
}

/// y = x turned, both [B, T, H, Dh] in any order of the first three axes; nothing on the meta
/// device.
void rotate(const at::Tensor& x, const RotaryTable& table, const at::Tensor& y) {
  if (x.is_meta()) return;
  const int64_t Dh = x.size(3);
  const kernels::Kernels& kernels = kernels::best_kernels();
  if (x.scalar_type() == at::kBFloat16) {
    for_heads<uint16_t>(x, table, y,
                        [&](const auto* in, const auto* cos, const auto* sin, auto* out) {
                          kernels.rotate_bf16(in, cos, sin, Dh, out);
                        });
  } else {
    for_heads<float>(x, table, y, [&](const auto* in, const auto* cos, const auto* sin, auto* out) {
      kernels.rotate(in, cos, sin, Dh, out);
    });
  }
}

/// A turn's gradient is the turn back.
class Rotate : public torch::autograd::Function<Rotate> {
 public:
  static at::Tensor forward(AutogradContext* ctx, const at::Tensor& x, const at::Tensor& cos,
                            const at::Tensor& sin) {
    auto y = at::empty({x.size(0), x.size(2), x.size(1), x.size(3)}, x.options());
    rotate(x, {cos, sin}, y.transpose(1, 2));
    ctx->save_for_backward({cos, sin});
    return y;
  }

  static variable_list backward(AutogradContext* ctx, const variable_list& outer) {
    const auto saved = ctx->get_saved_variables();
    const auto dy = (outer[0].stride(-1) == 1 ? outer[0] : outer[0].contiguous()).transpose(1, 2);
    auto dx = at::empty(dy.sizes(), dy.options());
    rotate(dy, {saved[0], -saved[1]}, dx);
    return {dx, {}, {}};
  }
};

bool takes_kernels(const at::Tensor& x, const RotaryTable& table) {
  const auto type = x.scalar_type();
  return (x.is_cpu() || x.is_meta()) && (type == at::kFloat || type == at::kBFloat16) &&
         x.stride(-1) == 1 && table.cos.scalar_type() == type && table.cos.is_contiguous() &&
         table.sin.is_contiguous();
}

}  // namespace

at::Tensor rotary_frequencies(const RotaryTurns& turns) {
  const auto exponents = at::arange(0, turns.head_dim, 2, at::TensorOptions(at::kFloat)) /
                         static_cast<double>(turns.head_dim);
  const auto frequencies = at::pow(at::Scalar(turns.base), exponents).reciprocal();
  const auto& divisors = turns.scaling.divisors;
  if (divisors.empty()) return frequencies;
  return frequencies / at::tensor(divisors, at::kDouble).to(at::kFloat);
}

RotaryTable rotary_table(const at::Tensor& positions, const RotaryTurns& turns,
                         at::ScalarType type) {
  const auto frequencies = rotary_frequencies(turns).to(positions.device());  // [Dh / 2]
  const auto angles = positions.to(at::kFloat).unsqueeze(-1) * frequencies;   // [B, T, Dh / 2]
  auto cos = at::cos(angles), sin = at::sin(angles);
  if (turns.scaling.magnitude != 1.0) {
    cos = cos * turns.scaling.magnitude;
    sin = sin * turns.scaling.magnitude;
  }
  return {at::cat({cos, cos}, -1).unsqueeze(2).to(type),
          at::cat({-sin, sin}, -1).unsqueeze(2).to(type)};  // [B, T, 1, Dh]
}

at::Tensor apply_rotary(const at::Tensor& x, const RotaryTable& table) {
  return x * table.cos + at::roll(x, {x.size(-1) / 2}, {-1}) * table.sin;
}

at::Tensor rotate_heads(const at::Tensor& x, const RotaryTable& table) {
  expect_shape(x, {kAny, kAny, kAny, table.cos.size(-1)}, "rotate_heads x");
  expect_shape(table.cos, {kAny, x.size(1), 1, x.size(3)}, "rotate_heads table");
  require(table.cos.size(0) == 1 || table.cos.size(0) == x.size(0), "rotate_heads",
          "expected a table for each sequence or one for all, got {} for {} sequences",
          table.cos.size(0), x.size(0));
  if (!takes_kernels(x, table)) return apply_rotary(x, table).transpose(1, 2);
  return Rotate::apply(x, table.cos, table.sin);
}

}  // namespace flamingo::nn
