#include "flamingo/nn/bf16_kernels.h"

#include <ATen/Parallel.h>
#include <torch/autograd.h>
#include <torch/types.h>

#include <algorithm>
#include <optional>
#include <vector>

#include "flamingo/core/shape.h"
#include "flamingo/kernels/kernels.h"

namespace flamingo::nn {
namespace {

using torch::autograd::AutogradContext;
using torch::autograd::variable_list;

/// Values that are worth a thread's start.
constexpr int64_t kValuesPerThread = 1 << 14;
constexpr const char* kEps = "eps";

const uint16_t* bits_of(const at::Tensor& x) {
  return static_cast<const uint16_t*>(x.const_data_ptr());
}

uint16_t* mutable_bits_of(const at::Tensor& x) {
  return static_cast<uint16_t*>(x.mutable_data_ptr());
}

/// Calls body(row) in parallel for the rows of x, its last axis being a row; on the meta device
/// there is nothing to compute.
template <class Body>
void for_rows(const at::Tensor& x, const Body& body) {
  if (x.is_meta()) return;
  const int64_t width = x.size(-1);
  at::parallel_for(0, x.numel() / width, std::max<int64_t>(kValuesPerThread / width, 1),
                   [&](int64_t begin, int64_t end) {
                     for (int64_t row = begin; row < end; ++row) body(row);
                   });
}

void check(const at::Tensor& x, const char* where) {
  require(takes_bf16_kernels(x), where, "expected contiguous bf16 values on the CPU");
}

class Softmax : public torch::autograd::Function<Softmax> {
 public:
  static at::Tensor forward(AutogradContext* ctx, const at::Tensor& scores,
                            const std::optional<at::Tensor>& bias) {
    const int64_t H = scores.size(1), T = scores.size(2), S = scores.size(3);
    auto shown = bias ? bias->expand(scores.sizes()) : at::Tensor();
    if (shown.defined() && S > 1 && shown.stride(-1) != 1) shown = shown.contiguous();
    const auto bias_row = [&](int64_t row) -> const float* {
      if (!shown.defined()) return nullptr;
      return shown.const_data_ptr<float>() + row / (H * T) * shown.stride(0) +
             row / T % H * shown.stride(1) + row % T * shown.stride(2);
    };
    auto weights = at::empty_like(scores);
    const auto softmax = kernels::best_kernels().softmax_bf16;
    for_rows(scores, [&](int64_t row) {
      thread_local std::vector<float> scratch;
      scratch.resize(static_cast<size_t>(S));
      softmax(bits_of(scores) + row * S, bias_row(row), S, scratch.data(),
              mutable_bits_of(weights) + row * S);
    });
    ctx->save_for_backward({weights});
    return weights;
  }

  static variable_list backward(AutogradContext* ctx, const variable_list& outer) {
    const at::Tensor weights = ctx->get_saved_variables()[0], dy = outer[0].contiguous();
    const int64_t S = weights.size(-1);
    auto dx = at::empty_like(weights);
    const auto gradient = kernels::best_kernels().softmax_gradient_bf16;
    for_rows(weights, [&](int64_t row) {
      gradient(bits_of(weights) + row * S, bits_of(dy) + row * S, S, mutable_bits_of(dx) + row * S);
    });
    return {dx, {}};
  }
};

class RmsNorm : public torch::autograd::Function<RmsNorm> {
 public:
  static at::Tensor forward(AutogradContext* ctx, const at::Tensor& x, const at::Tensor& factors,
                            double eps) {
    const int64_t D = x.size(-1);
    auto y = at::empty_like(x);
    const auto norm = kernels::best_kernels().rms_norm_bf16;
    for_rows(x, [&](int64_t row) {
      norm(bits_of(x) + row * D, factors.const_data_ptr<float>(), static_cast<float>(eps), D,
           mutable_bits_of(y) + row * D);
    });
    ctx->save_for_backward({x, factors});
    ctx->saved_data[kEps] = eps;
    return y;
  }

  static variable_list backward(AutogradContext* ctx, const variable_list& outer) {
    const auto saved = ctx->get_saved_variables();
    const at::Tensor &x = saved[0], &factors = saved[1], dy = outer[0].contiguous();
    const auto eps = static_cast<float>(ctx->saved_data[kEps].toDouble());
    const int64_t D = x.size(-1);
    auto dx = at::empty_like(x);
    const auto gradient = kernels::best_kernels().rms_norm_gradient_bf16;
    for_rows(x, [&](int64_t row) {
      gradient(bits_of(x) + row * D, factors.const_data_ptr<float>(), bits_of(dy) + row * D, eps, D,
               mutable_bits_of(dx) + row * D);
    });
    return {dx, {}, {}};
  }
};

class Swiglu : public torch::autograd::Function<Swiglu> {
 public:
  static at::Tensor forward(AutogradContext* ctx, const at::Tensor& x) {
    const int64_t F = x.size(-1) / 2;
    auto sizes = x.sizes().vec();
    sizes.back() = F;
    auto y = at::empty(sizes, x.options());
    const auto swiglu = kernels::best_kernels().swiglu_bf16;
    for_rows(x, [&](int64_t row) {
      const uint16_t* gate = bits_of(x) + row * 2 * F;
      swiglu(gate, gate + F, F, mutable_bits_of(y) + row * F);
    });
    ctx->save_for_backward({x});
    return y;
  }

  static variable_list backward(AutogradContext* ctx, const variable_list& outer) {
    const at::Tensor x = ctx->get_saved_variables()[0], dy = outer[0].contiguous();
    const int64_t F = dy.size(-1);
    auto dx = at::empty_like(x);
    const auto gradient = kernels::best_kernels().swiglu_gradient_bf16;
    for_rows(x, [&](int64_t row) {
      const uint16_t* gate = bits_of(x) + row * 2 * F;
      uint16_t* dgate = mutable_bits_of(dx) + row * 2 * F;
      gradient(gate, gate + F, bits_of(dy) + row * F, F, dgate, dgate + F);
    });
    return {dx};
  }
};

}  // namespace

bool takes_bf16_kernels(const at::Tensor& x) {
  return (x.is_cpu() || x.is_meta()) && x.scalar_type() == at::kBFloat16 && x.is_contiguous() &&
         x.numel() > 0;
}

at::Tensor bf16_softmax(const at::Tensor& scores, const at::Tensor& bias) {
  check(scores, "bf16_softmax");
  return Softmax::apply(scores, bias.defined() ? std::optional(bias) : std::nullopt);
}

at::Tensor bf16_rms_norm(const at::Tensor& x, const at::Tensor& weight, double eps) {
  check(x, "bf16_rms_norm");
  expect_shape(weight, {x.size(-1)}, "bf16_rms_norm weight");
  return RmsNorm::apply(x, weight.detach().to(at::kFloat).contiguous(), eps);
}

at::Tensor bf16_swiglu(const at::Tensor& x) {
  check(x, "bf16_swiglu");
  require(x.size(-1) % 2 == 0, "bf16_swiglu", "expected an even width, got {}", x.sizes());
  return Swiglu::apply(x);
}

}  // namespace flamingo::nn
