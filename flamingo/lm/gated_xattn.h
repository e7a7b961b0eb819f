#pragma once

#include <array>
#include <utility>

#include "flamingo/lm/kv_cache.h"
#include "flamingo/lm/media_mask.h"
#include "flamingo/nn/init.h"
#include "flamingo/nn/linear.h"
#include "flamingo/nn/mlp.h"
#include "flamingo/nn/norm.h"

namespace flamingo::lm {

/// Where the language model reads media (paper table 3, row iv):
///
///   gated      cross-attention and feed-forward part, before a frozen block (figure 4)
///   vanilla    cross-attention alone, inside a frozen block, between its self-attention and its
///              feed-forward part: the decoder layer of Vaswani et al. 2017. The paper keeps the
///              gate; the norm comes first, as everywhere in the LM
///   grafting   nothing inside the LM: on its last block stand graft_depth pairs of a learnt block
///              of the LM's own shape and a gated layer, before the frozen norm and head
///
/// Grafting is Luo et al. 2022 (VC-GPT, arXiv 2201.12723) as Flamingo's authors compare with it:
/// learnt self-attention and cross-attention layers in turn read the frozen LM's output, and the
/// frozen embedding makes logits. Left open, and chosen here: the number of layers (12 pairs give
/// the printed 3.3 B for the 3B model), that both kinds have feed-forward parts, that only
/// cross-attention layers are gated, and that the stack adds to the LM's output, which takes the
/// place of VC-GPT's sum of the LM's and the stack's logits.
enum class XattnForm { kGated, kVanilla, kGrafting };
constexpr std::array<std::pair<XattnForm, const char*>, 3> enum_table(XattnForm) {
  return {{{XattnForm::kGated, "gated"},
           {XattnForm::kVanilla, "vanilla"},
           {XattnForm::kGrafting, "grafting"}}};
}

/// What scales a new branch: tanh(alpha), or nothing (paper table 3, row iii).
enum class GateKind { kTanh, kNone };
constexpr std::array<std::pair<GateKind, const char*>, 2> enum_table(GateKind) {
  return {{{GateKind::kTanh, "tanh"}, {GateKind::kNone, "none"}}};
}

/// The layers that join media to the frozen blocks. Defaults are the paper's; `openflamingo()` and
/// IDEFICS's adapter set the others.
struct GatedXattnConfig {
  XattnForm form = XattnForm::kGated;
  int64_t first = 0;
  int64_t every = 1;
  int64_t graft_depth = 12;
  MediaAttention media_attention = MediaAttention::kLast;
  int64_t num_heads = 16;
  int64_t head_dim = 128;
  int64_t ffw_dim = 8192;
  Activation activation = Activation::kSquaredRelu;
  bool gated_ffw = false;
  NormConfig norm;
  bool norm_media = true;
  bool qk_norm = false;
  GateKind gate = GateKind::kTanh;
  bool vector_gates = false;
  double gate_init = 0.0;

  template <class Visitor>
  void visit(Visitor& v) {
    v("form", form, "gated, vanilla or grafting");
    v("first", first, "the first LM block that has a layer");
    v("every", every, "distance between such blocks; 0: the first is the only one");
    v("graft_depth", graft_depth,
      "grafting: pairs of a self-attention and a cross-attention layer");
    v("media_attention", media_attention, "media that a token sees: last or all_previous");
    v("num_heads", num_heads, "heads of the cross-attention");
    v("head_dim", head_dim, "width of a head");
    v("ffw_dim", ffw_dim, "hidden width of the feed-forward part");
    v("activation", activation, "non-linearity of the feed-forward part");
    v("gated_ffw", gated_ffw, "activation(gate x) * (up x), as IDEFICS has it");
    v("norm", norm, "norm of queries, media and feed-forward input");
    v("norm_media", norm_media, "normalise the media too (paper appendix A.1.2; peers do not)");
    v("qk_norm", qk_norm, "RMSNorm of queries and keys per head, as IDEFICS has it");
    v("gate", gate, "tanh, or none: no gates at all");
    v("vector_gates", vector_gates, "one gate per channel instead of one per layer");
    v("gate_init", gate_init, "start of alpha_xattn and alpha_dense (paper: 0)");
  }

  /// Whether LM block n has a layer: before it, or inside it when vanilla.
  bool at_block(int64_t n) const;
  /// Number of layers for an LM of num_blocks blocks.
  int64_t count(int64_t num_blocks) const;
  /// Throws Error when fields contradict each other.
  void validate() const;
};

/// Widths on both sides of a gated layer.
struct XattnWidths {
  int64_t dim = 0;        ///< D
  int64_t media_dim = 0;  ///< Dr, width of the media tokens
};

/// Tanh-gated cross-attention and feed-forward part:
///
///   y = y + tanh(alpha_xattn) * attention(q = norm(y), kv = norm(media of phi))
///   y = y + tanh(alpha_dense) * ffw(norm(y))
///
/// The vanilla form ends after the first line; without gates both factors are 1.
/// Source: paper section 2.2, figure 4 and appendix A.1.2. Both gates start at gate_init.
class GatedXattnImpl : public torch::nn::Module, public nn::InitsItself {
 public:
  GatedXattnImpl(const GatedXattnConfig& config, const XattnWidths& widths,
                 const torch::TensorOptions& options);

  /// media [B, M, R, Dr] -> keys and values [B, M, R, H * Dh], to be computed once per media item.
  KeyValues encode_media(const torch::Tensor& media) const;

  /// y [B, T, D], keys and values of all media, the plan of phi -> [B, T, D], same type.
  torch::Tensor forward(const torch::Tensor& y, const KeyValues& media,
                        const MediaPlan& plan) const;

  /// The cross-attention without its gate: [B, T, D], exactly 0 where phi is 0.
  torch::Tensor attend(const torch::Tensor& y, const KeyValues& media, const MediaPlan& plan) const;

  /// All gates = gate_init.
  void init_own() override;

  nn::Norm norm;  ///< of the query input
  nn::Norm norm_media{
      nullptr};              ///< of the media, shared by keys and values; absent unless configured
  nn::Linear to_q;           ///< [H * Dh, D]
  nn::Linear to_kv;          ///< [2 * H * Dh, Dr]: key rows, then value rows
  nn::Linear to_out;         ///< [D, H * Dh]
  nn::Norm q_norm{nullptr};  ///< per head, absent unless qk_norm
  nn::Norm k_norm{nullptr};  ///< per head, absent unless qk_norm
  nn::Norm norm_ffw{nullptr};  ///< absent when vanilla
  nn::Mlp ffw{nullptr};        ///< absent when vanilla
  torch::Tensor alpha_xattn;   ///< gate of the attention: [1], [D] with vector_gates, or undefined
  torch::Tensor alpha_dense;   ///< gate of the feed-forward part: the same, undefined when vanilla

 private:
  GatedXattnConfig config_;
};
TORCH_MODULE(GatedXattn);

}  // namespace flamingo::lm
