#pragma once

#include <ATen/core/Tensor.h>

namespace flamingo::nn {

/// One pass over memory in place of several torch operations, in bf16 on the CPU, for inference and
/// for training: each has its gradient. They compute in float32 and round once.

/// Whether the kernels below take x, of any shape: bf16, in memory order, on the CPU or the meta
/// device, where they allocate what they do on the CPU and compute nothing.
bool takes_bf16_kernels(const at::Tensor& x);

/// softmax(scores + bias) over the last axis: scores [B, H, T, S]; bias float32 that
/// broadcasts to them, or undefined -> [B, H, T, S]. The bias has no gradient.
at::Tensor bf16_softmax(const at::Tensor& scores, const at::Tensor& bias);

/// weight x / rms(x) over the last axis: x [..., D], weight [D] in any type -> [..., D]. The weight
/// has no gradient.
at::Tensor bf16_rms_norm(const at::Tensor& x, const at::Tensor& weight, double eps);

/// silu(gate) up: x [..., 2 F] = gate, up -> [..., F].
at::Tensor bf16_swiglu(const at::Tensor& x);

}  // namespace flamingo::nn
