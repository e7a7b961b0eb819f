#pragma once

#include <torch/nn/module.h>
#include <torch/nn/pimpl.h>

#include <array>
#include <utility>

namespace flamingo::nn {

/// LayerNorm, or RMSNorm (no mean, no offset).
enum class NormKind { kLayerNorm, kRmsNorm };
constexpr std::array<std::pair<NormKind, const char*>, 2> enum_table(NormKind) {
  return {{{NormKind::kLayerNorm, "layer_norm"}, {NormKind::kRmsNorm, "rms_norm"}}};
}

/// What a norm is made of.
struct NormConfig {
  NormKind kind = NormKind::kLayerNorm;
  double eps = 1e-5;
  bool bias = true;  ///< LayerNorm only: learn an offset

  template <class Visitor>
  void visit(Visitor& v) {
    v("kind", kind, "layer_norm or rms_norm");
    v("eps", eps, "added to the variance");
    v("bias", bias, "layer_norm: learn an offset");
  }
};

/// Normalises the last axis; statistics in fp32, result in the type of x.
class NormImpl : public torch::nn::Module {
 public:
  NormImpl(int64_t dim, const NormConfig& config, const torch::TensorOptions& options);

  /// x [..., dim] -> [..., dim], same type.
  torch::Tensor forward(const torch::Tensor& x) const;

  torch::Tensor weight;  ///< [dim], starts at 1
  torch::Tensor bias;    ///< [dim], starts at 0; undefined for RMSNorm

 private:
  NormConfig config_;
};
TORCH_MODULE(Norm);

}  // namespace flamingo::nn
