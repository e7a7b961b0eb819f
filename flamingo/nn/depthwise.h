#pragma once

#include <ATen/core/Tensor.h>

namespace flamingo::nn {

/// min(max(same_convolution(x, kernel, bias, stride, C), 0), most) of one channel a group, in one
/// pass and without copying x for its padding: x [N, C, h, w] in fp32 on the CPU, taps [k, k, C]
/// (the kernel's, pixel by pixel), bias [C] -> [N, C, ceil(h / stride), ceil(w / stride)], both
/// channels last. Has no gradient. Throws Error on other types and shapes.
at::Tensor depthwise_convolution(const at::Tensor& x, const at::Tensor& taps,
                                 const at::Tensor& bias, int64_t stride, double most);

}  // namespace flamingo::nn
