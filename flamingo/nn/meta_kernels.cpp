#include "flamingo/nn/meta_kernels.h"

#include <ATen/ExpandUtils.h>
#include <ATen/Functions.h>
#include <ATen/WrapDimUtils.h>
#include <ATen/core/dispatch/Dispatcher.h>
#include <torch/library.h>

#include <algorithm>
#include <array>
#include <optional>
#include <string>
#include <tuple>
#include <vector>

namespace flamingo::nn {
namespace {

using Integers = c10::SymIntArrayRef;
using OptionalTensor = std::optional<at::Tensor>;
using Three = std::tuple<at::Tensor, at::Tensor, at::Tensor>;

std::vector<int64_t> ints(Integers values) { return C10_AS_INTARRAYREF_SLOW(values).vec(); }

/// An empty tensor of x's shape and type, in memory order.
at::Tensor in_order(const at::Tensor& x) { return at::empty(x.sizes(), x.options()); }

/// The same, or none.
at::Tensor in_order_if(bool wanted, const at::Tensor& x) {
  return wanted ? in_order(x) : at::Tensor();
}

/// x [N, C, H, W], kernel [O, C / groups, h, w] -> [N, O, H', W'].
at::Tensor sized_convolution(const at::Tensor& x, const at::Tensor& kernel, const OptionalTensor&,
                             Integers stride, Integers padding, Integers dilation, bool transposed,
                             Integers, c10::SymInt) {
  TORCH_CHECK_NOT_IMPLEMENTED(!transposed, "a transposed convolution on the meta device");
  const auto steps = ints(stride), edges = ints(padding), gaps = ints(dilation);
  std::vector<int64_t> sizes{x.size(0), kernel.size(0)};
  for (size_t i = 0; i < steps.size(); ++i) {
    const int64_t axis = static_cast<int64_t>(i) + 2;
    const int64_t window = gaps[i] * (kernel.size(axis) - 1) + 1;
    sizes.push_back((x.size(axis) + 2 * edges[i] - window) / steps[i] + 1);
  }
  return at::empty(sizes, x.options());
}

Three sized_convolution_backward(const at::Tensor& dy, const at::Tensor& x,
                                 const at::Tensor& kernel, Integers, Integers, Integers, bool,
                                 Integers, c10::SymInt, std::array<bool, 3> wanted) {
  return {in_order_if(wanted[0], x), in_order_if(wanted[1], kernel),
          wanted[2] ? at::empty({dy.size(1)}, dy.options()) : at::Tensor()};
}

std::tuple<at::Tensor, at::Tensor> sized_var_mean(const at::Tensor& x, at::OptionalIntArrayRef axes,
                                                  const std::optional<at::Scalar>&, bool keeps) {
  return {at::sum(x, axes, keeps), at::sum(x, axes, keeps)};
}

/// Result, mean and reciprocal deviation.
Three sized_layer_norm(const at::Tensor& x, Integers normed, const OptionalTensor&,
                       const OptionalTensor&, double) {
  const auto x_in_order = x.contiguous();
  auto sizes = x.sizes().vec();
  std::fill(sizes.end() - std::ssize(normed), sizes.end(), 1);
  return {in_order(x), at::empty(sizes, x.options()), at::empty(sizes, x.options())};
}

/// The kernel of the CPU copies what does not lie in memory order.
Three sized_layer_norm_backward(const at::Tensor& dy, const at::Tensor& x, Integers,
                                const at::Tensor&, const at::Tensor&, const OptionalTensor& weight,
                                const OptionalTensor& bias, std::array<bool, 3> wanted) {
  const auto dy_in_order = dy.contiguous(), x_in_order = x.contiguous();
  return {in_order_if(wanted[0], x), in_order_if(wanted[1], weight.value_or(at::Tensor())),
          in_order_if(wanted[2], bias.value_or(at::Tensor()))};
}

at::Tensor sized_index_select(const at::Tensor& x, int64_t axis, const at::Tensor& index) {
  auto sizes = x.sizes().vec();
  sizes[static_cast<size_t>(at::maybe_wrap_dim(axis, x.dim()))] = index.numel();
  return at::empty(sizes, x.options());
}

at::Tensor sized_embedding_backward(const at::Tensor& dy, const at::Tensor&, c10::SymInt rows,
                                    c10::SymInt, bool) {
  return at::empty({rows.guard_int(__FILE__, __LINE__), dy.size(-1)}, dy.options());
}

at::Tensor sized_where(const at::Tensor& condition, const at::Tensor& a, const at::Tensor& b) {
  const auto sizes = at::infer_size(condition.sizes(), at::infer_size(a.sizes(), b.sizes()));
  return at::empty(sizes, a.options().dtype(at::result_type(a, b)));
}

at::Tensor sized_roll(const at::Tensor& x, Integers, at::IntArrayRef) { return in_order(x); }
at::Tensor sized_relu(const at::Tensor& x) { return at::empty_like(x); }
at::Tensor sized_clip(const at::Tensor& x, const at::Scalar&, const at::Scalar&) {
  return at::empty_like(x);
}
at::Tensor sized_clip_backward(const at::Tensor& dy, const at::Tensor&, const at::Scalar&,
                               const at::Scalar&) {
  return at::empty_like(dy);
}

at::Tensor sized_pool(const at::Tensor& x, Integers sides) {
  auto sizes = x.sizes().vec();
  std::ranges::copy(ints(sides), sizes.end() - std::ssize(sides));
  return at::empty(sizes, x.options());
}
at::Tensor sized_pool_backward(const at::Tensor&, const at::Tensor& x) { return in_order(x); }

/// Adds kernels for the meta device.
class MetaLibrary {
 public:
  MetaLibrary() {
    add("convolution_overrideable", "", TORCH_FN(sized_convolution));
    add("convolution_backward_overrideable", "", TORCH_FN(sized_convolution_backward));
    add("var_mean", "correction", TORCH_FN(sized_var_mean));
    add("native_layer_norm", "", TORCH_FN(sized_layer_norm));
    add("native_layer_norm_backward", "", TORCH_FN(sized_layer_norm_backward));
    add("index_select", "", TORCH_FN(sized_index_select));
    add("embedding_dense_backward", "", TORCH_FN(sized_embedding_backward));
    add("where", "self", TORCH_FN(sized_where));
    add("roll", "", TORCH_FN(sized_roll));
    add("relu", "", TORCH_FN(sized_relu));
    add("hardtanh", "", TORCH_FN(sized_clip));  // relu6
    add("_adaptive_avg_pool2d", "", TORCH_FN(sized_pool));
    add("_adaptive_avg_pool2d_backward", "", TORCH_FN(sized_pool_backward));
    add("hardtanh_backward", "", TORCH_FN(sized_clip_backward));
  }

 private:
  template <class Kernel>
  void add(const std::string& name, const std::string& overload, Kernel kernel) {
    const auto op =
        c10::Dispatcher::singleton().findSchemaOrThrow(("aten::" + name).c_str(), overload.c_str());
    if (op.hasKernelForDispatchKey(c10::DispatchKey::Meta)) return;
    library_.impl((overload.empty() ? name : name + "." + overload).c_str(), kernel);
  }

  torch::Library library_{torch::Library::IMPL, "aten", c10::DispatchKey::Meta, __FILE__, __LINE__};
};

}  // namespace

void register_meta_kernels() { static const MetaLibrary library; }

}  // namespace flamingo::nn
