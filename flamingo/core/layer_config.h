#pragma once

#include <array>
#include <utility>

namespace flamingo {

/// Pointwise non-linearities. kGelu is the exact (erf) form, kGeluTanh its tanh approximation,
/// kQuickGelu x * sigmoid(1.702 x), kSquaredRelu relu(x)^2 (Primer, So et al. 2021; paper appendix
/// A.1).
enum class Activation { kGelu, kGeluTanh, kQuickGelu, kRelu, kSquaredRelu, kSilu };
constexpr std::array<std::pair<Activation, const char*>, 6> enum_table(Activation) {
  return {{{Activation::kGelu, "gelu"},
           {Activation::kGeluTanh, "gelu_tanh"},
           {Activation::kQuickGelu, "quick_gelu"},
           {Activation::kRelu, "relu"},
           {Activation::kSquaredRelu, "squared_relu"},
           {Activation::kSilu, "silu"}}};
}

/// LayerNorm, or RMSNorm (no mean, no offset).
enum class NormKind { kLayerNorm, kRmsNorm };
constexpr std::array<std::pair<NormKind, const char*>, 2> enum_table(NormKind) {
  return {{{NormKind::kLayerNorm, "layer_norm"}, {NormKind::kRmsNorm, "rms_norm"}}};
}

/// What a norm is made of, for the model's layers and for the fused step.
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

}  // namespace flamingo
