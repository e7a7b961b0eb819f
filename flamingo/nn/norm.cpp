#include "flamingo/nn/norm.h"

#include "flamingo/core/shape.h"
#include "flamingo/nn/bf16_kernels.h"

namespace flamingo::nn {

NormImpl::NormImpl(int64_t dim, const NormConfig& config, const torch::TensorOptions& options)
    : weight(register_parameter("weight", torch::ones({dim}, options))), config_(config) {
  if (config.kind == NormKind::kLayerNorm && config.bias) {
    bias = register_parameter("bias", torch::zeros({dim}, options));
  }
}

torch::Tensor NormImpl::forward(const torch::Tensor& x) const {
  const int64_t dim = weight.size(0);
  if (x.dim() < 1 || x.size(-1) != dim) {
    fail("Norm", "expected x [..., {}], got {}", dim, x.sizes());
  }
  if (config_.kind == NormKind::kRmsNorm && takes_bf16_kernels(x) &&
      !(at::GradMode::is_enabled() && weight.requires_grad())) {
    return bf16_rms_norm(x, weight, config_.eps);
  }
  const auto x32 = x.to(torch::kFloat32);
  const auto w32 = weight.to(torch::kFloat32);
  const auto y32 = config_.kind == NormKind::kRmsNorm
                       ? at::rms_norm(x32, {dim}, w32, config_.eps)
                       : at::layer_norm(x32, {dim}, w32,
                                        bias.defined() ? bias.to(torch::kFloat32) : torch::Tensor(),
                                        config_.eps);
  return y32.to(x.scalar_type());
}

}  // namespace flamingo::nn
