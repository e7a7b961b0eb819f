#include "flamingo/nn/product.h"

#include <ATen/Functions.h>
#include <ATen/core/dispatch/Dispatcher.h>
#include <torch/autograd.h>

#include <algorithm>
#include <memory>
#include <optional>
#include <utility>
#include <vector>

#include "flamingo/core/error.h"
#include "flamingo/core/shape.h"

namespace flamingo::nn {
namespace {

using torch::autograd::AutogradContext;
using torch::autograd::variable_list;
using Bias = std::optional<at::Tensor>;

// What is widened at a time: [kRows, kDepth] of a, [kDepth, kCols] of b.
constexpr int64_t kRows = 512, kCols = 1024, kDepth = 2048;
constexpr int64_t kPictureValues = 1 << 20;  // of a convolution's pictures
constexpr int64_t kFewRows = 4;              // up to here reading b costs more than multiplying it

/// What torch itself asks before it takes oneDNN's kernels of bf16.
bool torch_has_bf16_kernels() {
  static const bool has = [] {
    const auto answer =
        c10::Dispatcher::singleton().findSchema({"mkldnn::_is_mkldnn_bf16_supported", ""});
    return answer && answer->typed<bool()>().call();
  }();
  return has;
}

constexpr const char* kBiasLearns = "bias learns";
bool learns(const Bias& bias) { return bias && bias->requires_grad(); }

/// What the gradient of one factor needs: the other one, where it learns at all.
at::Tensor kept_for(const at::Tensor& learner, const at::Tensor& other) {
  return learner.requires_grad() ? other : at::Tensor();
}

at::Tensor wide(const at::Tensor& x) { return x.to(at::kFloat); }

/// Memory of the widened pieces, one for each thread that calls: it is never given back, so that
/// products of every size cost no more than this (14 MiB).
class Scratch {
 public:
  static constexpr int64_t kLeft = kRows * kDepth, kRight = kDepth * kCols, kSum = kRows * kCols;

  at::Tensor left(const at::Tensor& x) { return widened(x, memory_.get()); }
  at::Tensor right(const at::Tensor& x) { return widened(x, memory_.get() + kLeft); }
  at::Tensor sum(at::IntArrayRef sizes) {
    return at::from_blob(memory_.get() + kLeft + kRight, sizes, at::kFloat);
  }

 private:
  /// x [..., M, N] at this place, in the order in which x lies.
  static at::Tensor widened(const at::Tensor& x, float* place) {
    const bool turned = x.stride(-1) != 1 && x.stride(-2) == 1;
    const at::Tensor from = turned ? x.transpose(-2, -1) : x;
    auto values = at::from_blob(place, from.sizes(), at::kFloat).copy_(from);
    return turned ? values.transpose(-2, -1) : values;
  }

  std::unique_ptr<float[]> memory_ = std::make_unique_for_overwrite<float[]>(kLeft + kRight + kSum);
};

Scratch& scratch() {
  thread_local Scratch own;
  return own;
}

/// y = a b + offset of matrices.
void widened_matrices(const at::Tensor& a, const at::Tensor& b, const Bias& offset, at::Tensor y) {
  const int64_t M = a.size(0), K = a.size(1), N = b.size(1);
  for (int64_t col = 0; col < N; col += kCols) {
    const int64_t cols = std::min(kCols, N - col);
    at::Tensor right;
    for (int64_t row = 0; row < M; row += kRows) {
      const int64_t rows = std::min(kRows, M - row);
      auto sum = scratch().sum({rows, cols}).zero_();
      for (int64_t term = 0; term < K; term += kDepth) {
        const int64_t depth = std::min(kDepth, K - term);
        const bool kept = right.defined() && K <= kDepth;
        if (!kept) right = scratch().right(b.narrow(0, term, depth).narrow(1, col, cols));
        sum.addmm_(scratch().left(a.narrow(0, row, rows).narrow(1, term, depth)), right);
      }
      if (offset) sum.add_(offset->narrow(0, col, cols));
      y.narrow(0, row, rows).narrow(1, col, cols).copy_(sum);
    }
  }
}

/// y = a b of many pairs of matrices: as many at a time as the scratch has room for.
void widened_pairs(const at::Tensor& a, const at::Tensor& b, at::Tensor y) {
  const int64_t pairs = a.size(0);
  const auto room = [pairs](int64_t place, const at::Tensor& x) {
    return place * pairs / std::max<int64_t>(1, x.numel());
  };
  const int64_t piece =
      std::min({room(Scratch::kLeft, a), room(Scratch::kRight, b), room(Scratch::kSum, y)});
  for (int64_t first = 0; first < pairs; first += std::max<int64_t>(1, piece)) {
    if (piece == 0) {
      widened_matrices(a[first], b[first], {}, y[first]);
      continue;
    }
    const int64_t count = std::min(piece, pairs - first);
    auto sum = scratch().sum({count, y.size(1), y.size(2)});
    at::bmm_out(sum, scratch().left(a.narrow(0, first, count)),
                scratch().right(b.narrow(0, first, count)));
    y.narrow(0, first, count).copy_(sum);
  }
}

/// Of two matrices, or of [n, M, K] and [n, K, N].
at::Tensor widened(const at::Tensor& a, const at::Tensor& b, const Bias& offset = {}) {
  if (a.is_meta()) return a.dim() == 2 ? at::mm(a, b) : at::bmm(a, b);  // sizes alone
  auto sizes = a.sizes().vec();
  sizes.back() = b.size(-1);
  auto y = at::empty(sizes, a.options());
  if (a.dim() == 2) {
    widened_matrices(a, b, offset, y);
  } else {
    widened_pairs(a, b, y);
  }
  return y;
}

class WidenedProduct : public torch::autograd::Function<WidenedProduct> {
 public:
  static at::Tensor forward(AutogradContext* ctx, const at::Tensor& a, const at::Tensor& b,
                            const Bias& offset) {
    ctx->save_for_backward({kept_for(b, a), kept_for(a, b)});
    ctx->saved_data[kBiasLearns] = learns(offset);
    return widened(a, b, offset);
  }

  static variable_list backward(AutogradContext* ctx, const variable_list& outer) {
    const auto kept = ctx->get_saved_variables();
    const at::Tensor &a = kept[0], &b = kept[1], &dy = outer[0];
    variable_list gradients(3);
    if (ctx->needs_input_grad(0)) gradients[0] = widened(dy, b.transpose(-2, -1));
    if (ctx->needs_input_grad(1)) gradients[1] = widened(a.transpose(-2, -1), dy);
    if (ctx->saved_data[kBiasLearns].toBool()) gradients[2] = dy.sum(0);
    return gradients;
  }
};

class WidenedConvolution : public torch::autograd::Function<WidenedConvolution> {
 public:
  static at::Tensor forward(AutogradContext* ctx, const at::Tensor& x, const at::Tensor& kernel,
                            const Bias& bias, const Convolution& geometry) {
    // The backward of a convolution takes both, whatever it is asked for.
    ctx->save_for_backward({x, kernel});
    ctx->saved_data[kBiasLearns] = learns(bias);
    const auto& [stride, padding, groups] = geometry;
    ctx->saved_data["stride"] = at::IntArrayRef(stride);
    ctx->saved_data["padding"] = at::IntArrayRef(padding);
    ctx->saved_data["groups"] = groups;
    const auto wide_kernel = wide(kernel);
    const auto wide_bias = bias ? Bias(wide(*bias)) : std::nullopt;
    at::Tensor y;
    for (const auto& [first, count] : pieces(x)) {
      const auto part = at::conv2d(wide(x.narrow(0, first, count)), wide_kernel, wide_bias, stride,
                                   padding, at::IntArrayRef{1, 1}, groups);
      if (!y.defined()) {
        auto sizes = part.sizes().vec();
        sizes[0] = x.size(0);
        y = at::empty(sizes, x.options().memory_format(part.suggest_memory_format()));
      }
      y.narrow(0, first, count).copy_(part);
    }
    return y;
  }

  static variable_list backward(AutogradContext* ctx, const variable_list& outer) {
    const auto kept = ctx->get_saved_variables();
    const at::Tensor &x = kept[0], &kernel = kept[1], &dy = outer[0];
    const std::array<bool, 3> needed{ctx->needs_input_grad(0), ctx->needs_input_grad(1), false};
    const auto stride = ctx->saved_data["stride"].toIntVector();
    const auto padding = ctx->saved_data["padding"].toIntVector();
    const int64_t groups = ctx->saved_data["groups"].toInt();
    const auto wide_kernel = wide(kernel);
    variable_list gradients(4);
    at::Tensor of_kernel;
    for (const auto& [first, count] : pieces(x)) {
      const auto [dx, dkernel, _] = at::convolution_backward(
          wide(dy.narrow(0, first, count)), wide(x.narrow(0, first, count)), wide_kernel,
          std::nullopt, stride, padding, {1, 1}, false, {0, 0}, groups, needed);
      if (needed[0]) {
        if (!gradients[0].defined()) gradients[0] = at::empty_like(x);
        gradients[0].narrow(0, first, count).copy_(dx);
      }
      if (needed[1]) of_kernel = of_kernel.defined() ? of_kernel.add_(dkernel) : dkernel;
    }
    if (needed[1]) gradients[1] = of_kernel.to(kernel.scalar_type());
    if (ctx->saved_data[kBiasLearns].toBool()) gradients[2] = dy.sum({0, 2, 3});
    return gradients;
  }

 private:
  /// Pictures that are widened at a time: the first of them and how many.
  static std::vector<std::pair<int64_t, int64_t>> pieces(const at::Tensor& x) {
    const int64_t count = x.size(0), values = std::max<int64_t>(1, x.numel() / count);
    const int64_t step = std::max<int64_t>(1, kPictureValues / values);
    std::vector<std::pair<int64_t, int64_t>> found;
    for (int64_t first = 0; first < count; first += step)
      found.emplace_back(first, std::min(step, count - first));
    return found;
  }
};

/// The tensor, if there is one.
Bias given(const at::Tensor& bias) { return bias.defined() ? Bias(bias) : std::nullopt; }

}  // namespace

bool needs_widening(const at::Tensor& x) {
  return (x.is_cpu() || x.is_meta()) && x.scalar_type() == at::kBFloat16 &&
         !torch_has_bf16_kernels();
}

at::Tensor widened_product(const at::Tensor& a, const at::Tensor& b, const at::Tensor& offset) {
  if (a.dim() <= 3) return WidenedProduct::apply(a, b, given(offset));
  // As one row of pairs, which leaves views for copies where torch's own product does: a view that
  // backward keeps would keep all that it is a part of.
  const auto pairs = [](const at::Tensor& x) { return x.flatten(0, -3); };
  return WidenedProduct::apply(pairs(a), pairs(b), Bias())
      .unflatten(0, a.sizes().slice(0, a.dim() - 2));
}

at::Tensor matrix_product(const at::Tensor& a, const at::Tensor& b, const at::Tensor& offset) {
  const bool fits = a.dim() >= 2 && a.dim() == b.dim() && a.size(-1) == b.size(-2) &&
                    a.sizes().slice(0, a.dim() - 2) == b.sizes().slice(0, b.dim() - 2) &&
                    (a.dim() == 2 || !offset.defined());
  if (!fits) {
    fail("matrix_product", "expected a [..., M, K] and b [..., K, N], got {} and {}", a.sizes(),
         b.sizes());
  }
  if (needs_widening(a) && a.size(-2) > kFewRows) return widened_product(a, b, offset);
  return offset.defined() ? at::addmm(offset, a, b) : at::matmul(a, b);
}

at::Tensor widened_convolution(const at::Tensor& x, const at::Tensor& kernel,
                               const at::Tensor& bias, const Convolution& geometry) {
  return WidenedConvolution::apply(x, kernel, given(bias), geometry);
}

at::Tensor convolution(const at::Tensor& x, const at::Tensor& kernel, const at::Tensor& bias,
                       const Convolution& geometry) {
  expect_shape(x, {kAny, kernel.size(1) * geometry.groups, kAny, kAny}, "convolution x");
  if (needs_widening(x) && x.size(0) > 0) return widened_convolution(x, kernel, bias, geometry);
  return at::conv2d(x, kernel, given(bias), geometry.stride, geometry.padding,
                    at::IntArrayRef{1, 1}, geometry.groups);
}

}  // namespace flamingo::nn
