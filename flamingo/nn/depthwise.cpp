#include "flamingo/nn/depthwise.h"

#include <ATen/Functions.h>
#include <ATen/Parallel.h>

#include <vector>

#include "flamingo/core/shape.h"
#include "flamingo/kernels/kernels.h"
#include "flamingo/nn/same_conv.h"

namespace flamingo::nn {

at::Tensor depthwise_convolution(const at::Tensor& x, const at::Tensor& taps,
                                 const at::Tensor& bias, int64_t stride, double most) {
  const int64_t kernel = taps.size(0), channels = taps.size(2);
  expect_shape(x, {kAny, channels, kAny, kAny}, "depthwise x");
  expect_shape(taps, {kernel, kernel, channels}, "depthwise taps");
  expect_shape(bias, {channels}, "depthwise bias");
  for (const at::Tensor* tensor : {&x, &taps, &bias}) {
    require(tensor->is_cpu() && tensor->scalar_type() == at::kFloat, "depthwise_convolution",
            "expected fp32 values on the CPU");
  }
  const at::Tensor pixels = x.contiguous(at::MemoryFormat::ChannelsLast);
  const int64_t N = x.size(0), height = x.size(2), width = x.size(3);
  const int64_t rows = (height + stride - 1) / stride, columns = (width + stride - 1) / stride;
  at::Tensor y = at::empty({N, channels, rows, columns},
                           x.options().memory_format(at::MemoryFormat::ChannelsLast));
  const int64_t top = same_padding(height, kernel, stride).first;
  const kernels::DepthwiseRow shape{.taps = taps.const_data_ptr<float>(),
                                    .bias = bias.const_data_ptr<float>(),
                                    .kernel = kernel,
                                    .stride = stride,
                                    .left = same_padding(width, kernel, stride).first,
                                    .width = width,
                                    .columns = columns,
                                    .channels = channels,
                                    .most = static_cast<float>(most)};
  const float* from = pixels.const_data_ptr<float>();
  float* to = y.mutable_data_ptr<float>();
  at::parallel_for(0, N * rows, 1, [&](int64_t begin, int64_t end) {
    std::vector<const float*> inputs(static_cast<size_t>(kernel));
    kernels::DepthwiseRow row = shape;
    row.rows = inputs.data();
    for (int64_t r = begin; r < end; ++r) {
      const float* picture = from + r / rows * height * width * channels;
      for (int64_t i = 0; i < kernel; ++i) {
        const int64_t line = r % rows * stride - top + i;
        const bool inside = line >= 0 && line < height;
        inputs[static_cast<size_t>(i)] = inside ? picture + line * width * channels : nullptr;
      }
      kernels::best_kernels().depthwise_row(row, to + r * columns * channels);
    }
  });
  return y;
}

}  // namespace flamingo::nn
