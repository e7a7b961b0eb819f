#pragma once

#include <array>
#include <cstdint>
#include <utility>

#include "flamingo/nn/activation.h"
#include "flamingo/nn/norm.h"
#include "flamingo/nn/rotary_scaling.h"

namespace flamingo::lm {

/// How a decoder knows the order of its tokens.
/// kRotary: rotate-half rotary embedding of queries and keys (Su et al. 2021, LLaMA).
/// kRelative: Transformer-XL relative positions (Dai et al. 2019), as Gopher and Chinchilla use.
enum class PositionKind { kRotary, kRelative };
constexpr std::array<std::pair<PositionKind, const char*>, 2> enum_table(PositionKind) {
  return {{{PositionKind::kRotary, "rotary"}, {PositionKind::kRelative, "relative"}}};
}

/// One decoder-only language model: every family is a setting of these fields.
struct DecoderConfig {
  int64_t vocab = 49152;
  int64_t additional_vocab = 0;
  int64_t dim = 576;
  int64_t num_layers = 30;
  int64_t num_heads = 9;
  int64_t num_kv_heads = 3;
  int64_t head_dim = 64;
  int64_t ffw_dim = 1536;
  Activation activation = Activation::kSilu;
  bool gated_ffw = true;
  bool attention_bias = false;
  bool ffw_bias = false;
  NormConfig norm{.kind = NormKind::kRmsNorm, .eps = 1e-5};
  PositionKind position = PositionKind::kRotary;
  double rotary_base = 10000.0;
  nn::RotaryScaling rotary_scaling;
  bool parallel_residual = false;
  bool tied_embeddings = true;
  int64_t max_positions = 2048;

  template <class Visitor>
  void visit(Visitor& v) {
    v("vocab", vocab, "V, rows of the frozen embedding");
    v("additional_vocab", additional_vocab, "A, trainable rows after them");
    v("dim", dim, "D, width");
    v("num_layers", num_layers, "blocks");
    v("num_heads", num_heads, "query heads");
    v("num_kv_heads", num_kv_heads, "key/value heads; fewer than num_heads means grouped queries");
    v("head_dim", head_dim, "width of a head");
    v("ffw_dim", ffw_dim, "hidden width of the feed-forward part");
    v("activation", activation, "non-linearity of the feed-forward part");
    v("gated_ffw", gated_ffw, "activation(gate x) * (up x) instead of activation(up x)");
    v("attention_bias", attention_bias, "biases in the attention's linear layers");
    v("ffw_bias", ffw_bias, "biases in the feed-forward part's linear layers");
    v("norm", norm, "norm before attention, before the feed-forward part and at the end");
    v("position", position, "rotary or relative");
    v("rotary_base", rotary_base, "rotary: base of the wavelengths");
    v("rotary_scaling", rotary_scaling, "rotary: how positions were stretched");
    v("parallel_residual", parallel_residual, "x + attention(x) + ffw(x), both of the same x");
    v("tied_embeddings", tied_embeddings, "the head's base rows are the embedding");
    v("max_positions", max_positions, "longest context in tokens");
  }

  /// Throws Error when fields contradict each other.
  void validate() const;
};

}  // namespace flamingo::lm
