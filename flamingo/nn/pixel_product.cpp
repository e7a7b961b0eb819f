#include "flamingo/nn/pixel_product.h"

#include <ATen/Functions.h>
#include <ATen/Parallel.h>

#include <limits>

#include "flamingo/core/shape.h"
#include "flamingo/kernels/kernels.h"

namespace flamingo::nn {
namespace {

/// Multiply-adds that are worth a thread's start.
constexpr int64_t kProductsPerThread = 1 << 18;

}  // namespace

PixelMatrix PixelMatrix::pack(const at::Tensor& kernel, const at::Tensor& bias) {
  const int64_t out = kernel.size(0), in = kernel.size(1);
  expect_shape(kernel, {out, in, 1, 1}, "1x1 kernel");
  expect_shape(bias, {out}, "1x1 bias");
  const int64_t panels = (out + kernels::kPanel - 1) / kernels::kPanel;
  const int64_t missing = panels * kernels::kPanel - out;
  const auto rows = at::constant_pad_nd(kernel.to(at::kFloat).flatten(1), {0, 0, 0, missing});
  return {.panels = rows.view({panels, kernels::kPanel, in}).transpose(1, 2).contiguous(),
          .bias = at::constant_pad_nd(bias.to(at::kFloat), {0, missing}),
          .out = out};
}

at::Tensor pixel_product(const at::Tensor& x, const PixelMatrix& matrix, double most) {
  const int64_t in = matrix.panels.size(1), out = matrix.out;
  expect_shape(x, {kAny, in, kAny, kAny}, "pixels x");
  require(x.is_cpu() && x.scalar_type() == at::kFloat, "pixel_product",
          "expected fp32 values on the CPU");
  const at::Tensor pixels = x.contiguous(at::MemoryFormat::ChannelsLast);
  at::Tensor y = at::empty({x.size(0), out, x.size(2), x.size(3)},
                           x.options().memory_format(at::MemoryFormat::ChannelsLast));
  constexpr float kInfinity = std::numeric_limits<float>::infinity();
  const kernels::PixelProduct whole{.x = pixels.const_data_ptr<float>(),
                                    .panels = matrix.panels.const_data_ptr<float>(),
                                    .bias = matrix.bias.const_data_ptr<float>(),
                                    .pixels = x.size(0) * x.size(2) * x.size(3),
                                    .in = in,
                                    .out = out,
                                    .least = most > 0 ? 0 : -kInfinity,
                                    .most = most > 0 ? static_cast<float>(most) : kInfinity};
  float* to = y.mutable_data_ptr<float>();
  const int64_t grain = kProductsPerThread / (in * out) + 1;
  at::parallel_for(0, whole.pixels, grain, [&](int64_t begin, int64_t end) {
    kernels::PixelProduct part = whole;
    part.x += begin * in;
    part.pixels = end - begin;
    kernels::best_kernels().pixel_product(part, to + begin * out);
  });
  return y;
}

}  // namespace flamingo::nn
