#pragma once

#include <ATen/core/Tensor.h>

#include <array>
#include <cstdint>

namespace flamingo::nn {

/// Products of matrices and convolutions in the type of their inputs. Torch has only plain loops
/// for bf16 where the processor lacks AVX-512, 8 to 35 times slower than fp32 (measured, AVX2).
/// There the inputs are widened to fp32 a piece at a time, and every result is rounded once. All
/// are differentiable, and backward keeps the inputs as they are.

/// Whether torch has only plain loops for the type of x, of any shape, on the processor that
/// computes with it. Tensors on the meta device take the processor's way.
bool needs_widening(const at::Tensor& x);

/// a b (+ offset): a [..., M, K], b [..., K, N] with the same leading dimensions -> [..., M, N],
/// all of one type; offset [N] or undefined, only of matrices.
at::Tensor matrix_product(const at::Tensor& a, const at::Tensor& b, const at::Tensor& offset = {});

/// How a kernel goes over a picture: (vertical, horizontal).
struct Convolution {
  std::array<int64_t, 2> stride{1, 1};
  std::array<int64_t, 2> padding{0, 0};
  int64_t groups = 1;
};

/// x [N, C, H, W], kernel [O, C / groups, h, w], bias [O] or undefined -> [N, O, H', W'].
at::Tensor convolution(const at::Tensor& x, const at::Tensor& kernel, const at::Tensor& bias,
                       const Convolution& geometry);

/// matrix_product() as it is with widening, on any processor: a [..., M, K], b [..., K, N],
/// offset [N] or undefined -> [..., M, N].
at::Tensor widened_product(const at::Tensor& a, const at::Tensor& b, const at::Tensor& offset = {});
/// The same of convolution(): x [N, C, H, W], kernel [O, C / groups, h, w], bias [O] or undefined
/// -> [N, O, H', W'].
at::Tensor widened_convolution(const at::Tensor& x, const at::Tensor& kernel,
                               const at::Tensor& bias, const Convolution& geometry);

}  // namespace flamingo::nn
