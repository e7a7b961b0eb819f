#include "flamingo/nn/bf16_kernels.h"

#include <ATen/Functions.h>
#include <ATen/Parallel.h>

#include <algorithm>
#include <vector>

#include "flamingo/core/shape.h"
#include "flamingo/quant/kernels.h"

namespace flamingo {
namespace {

/// Values that are worth a thread's start.
constexpr int64_t kValuesPerThread = 1 << 14;

const uint16_t* bits_of(const at::Tensor& x) {
  return static_cast<const uint16_t*>(x.const_data_ptr());
}

uint16_t* mutable_bits_of(const at::Tensor& x) {
  return static_cast<uint16_t*>(x.mutable_data_ptr());
}

/// Calls body(begin, end) in parallel for the rows of x, its last axis being a row.
template <class Body>
void for_rows(const at::Tensor& x, const Body& body) {
  const int64_t width = x.size(-1);
  at::parallel_for(0, x.numel() / width, std::max<int64_t>(kValuesPerThread / width, 1), body);
}

void check(const at::Tensor& x, const char* where) {
  require(takes_bf16_kernels(x), where, "expected contiguous bf16 values on the CPU");
}

}  // namespace

bool takes_bf16_kernels(const at::Tensor& x) {
  return x.device().is_cpu() && x.scalar_type() == at::kBFloat16 && x.is_contiguous() &&
         x.numel() > 0 && !x.requires_grad();
}

at::Tensor bf16_softmax(const at::Tensor& scores, const at::Tensor& bias) {
  check(scores, "bf16_softmax");
  const int64_t H = scores.size(1), T = scores.size(2), S = scores.size(3);
  auto shown = bias.defined() ? bias.expand(scores.sizes()) : bias;
  if (shown.defined() && S > 1 && shown.stride(-1) != 1) shown = shown.contiguous();
  auto weights = at::empty_like(scores);
  const auto bias_row = [&](int64_t row) -> const float* {
    if (!shown.defined()) return nullptr;
    return shown.const_data_ptr<float>() + row / (H * T) * shown.stride(0) +
           row / T % H * shown.stride(1) + row % T * shown.stride(2);
  };
  const auto softmax = best_kernels().softmax_bf16;
  for_rows(scores, [&](int64_t begin, int64_t end) {
    std::vector<float> scratch(static_cast<size_t>(S));
    for (int64_t row = begin; row < end; ++row) {
      softmax(bits_of(scores) + row * S, bias_row(row), S, scratch.data(),
              mutable_bits_of(weights) + row * S);
    }
  });
  return weights;
}

at::Tensor bf16_rms_norm(const at::Tensor& x, const at::Tensor& weight, double eps) {
  check(x, "bf16_rms_norm");
  const int64_t width = x.size(-1);
  expect_shape(weight, {width}, "bf16_rms_norm weight");
  const auto factors = weight.to(at::kFloat).contiguous();
  auto y = at::empty_like(x);
  const auto norm = best_kernels().rms_norm_bf16;
  for_rows(x, [&](int64_t begin, int64_t end) {
    for (int64_t row = begin; row < end; ++row) {
      norm(bits_of(x) + row * width, factors.const_data_ptr<float>(), static_cast<float>(eps),
           width, mutable_bits_of(y) + row * width);
    }
  });
  return y;
}

at::Tensor bf16_swiglu(const at::Tensor& x) {
  check(x, "bf16_swiglu");
  const int64_t width = x.size(-1) / 2;
  require(x.size(-1) == 2 * width, "bf16_swiglu",
          "expected an even width, got " + shape_text(x.sizes()));
  auto sizes = x.sizes().vec();
  sizes.back() = width;
  auto y = at::empty(sizes, x.options());
  const auto swiglu = best_kernels().swiglu_bf16;
  for_rows(x, [&](int64_t begin, int64_t end) {
    for (int64_t row = begin; row < end; ++row) {
      const uint16_t* gate = bits_of(x) + row * 2 * width;
      swiglu(gate, gate + width, width, mutable_bits_of(y) + row * width);
    }
  });
  return y;
}

}  // namespace flamingo
