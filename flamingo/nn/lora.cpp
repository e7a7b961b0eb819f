#include "flamingo/nn/lora.h"

#include <algorithm>

#include "flamingo/core/shape.h"
#include "flamingo/nn/linear.h"

namespace flamingo::nn {

LoraImpl::LoraImpl(int64_t in, int64_t out, int64_t rank, double alpha, torch::Device device)
    : scale_(alpha / static_cast<double>(rank)) {
  require(rank >= 1 && rank <= std::min(in, out), "lora.rank", "expected 1 to {}, got {}",
          std::min(in, out), rank);
  a = register_parameter("a", torch::empty({rank, in}, device));
  b = register_parameter("b", torch::zeros({out, rank}, device));
}

torch::Tensor LoraImpl::forward(const torch::Tensor& x) const {
  return linear_by_rows(linear_by_rows(x, cast_like(a, x)), cast_like(b, x)) * scale_;
}

torch::Tensor LoraImpl::change() const { return at::matmul(b, a) * scale_; }

}  // namespace flamingo::nn
