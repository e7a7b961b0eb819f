#pragma once

#include "flamingo/nn/init.h"
#include "flamingo/nn/transformer_layer.h"
#include "flamingo/nn/typed_list.h"

namespace flamingo::vision {

/// Contrastive pretraining of the vision encoder (paper appendix B.1.3). The defaults are for 2 CPU
/// cores; the paper's joint width is 1376 with a BERT text encoder.
struct ContrastiveConfig {
  int64_t embed_dim = 256;  ///< E, width of the joint space
  int64_t text_width = 256;
  int64_t text_layers = 2;
  int64_t text_heads = 4;
  int64_t text_mlp_mult = 4;  ///< hidden width of the feed-forward part / text_width
  int64_t max_tokens = 32;    ///< longest caption, tokens
  double label_smoothing = 0.1;
  double view_weight = 0.0;   ///< of the picture-picture term, 0 = the paper's loss
  double temperature = 0.07;  ///< start of 1 / beta
  double max_beta = 100.0;    ///< limit of the learnt inverse temperature

  template <class Visitor>
  void visit(Visitor& v) {
    v("embed_dim", embed_dim, "width of the joint space");
    v("text_width", text_width, "width of the text encoder");
    v("text_layers", text_layers, "layers of the text encoder");
    v("text_heads", text_heads, "attention heads of the text encoder");
    v("text_mlp_mult", text_mlp_mult, "hidden width of its feed-forward parts / text_width");
    v("max_tokens", max_tokens, "longest caption in tokens");
    v("label_smoothing", label_smoothing, "share of the target spread over the whole batch");
    v("view_weight", view_weight, "weight of the picture-picture term");
    v("temperature", temperature, "start of the learnt temperature");
    v("max_beta", max_beta, "limit of the learnt inverse temperature");
  }

  /// Throws Error naming the first field that does not fit.
  void validate() const;
};

/// Captions to the joint space: frozen token table -> linear -> bidirectional layers -> mean ->
/// linear.
class TextEncoderImpl : public torch::nn::Module {
 public:
  /// token_dim: width of the token table.
  TextEncoderImpl(const ContrastiveConfig& config, int64_t token_dim,
                  const torch::TensorOptions& options);

  /// tokens [N, T, token_dim] (rows of the table), mask [N, T] (1 = text, 0 = padding) -> [N, E].
  /// Throws Error when T exceeds max_tokens.
  torch::Tensor forward(const torch::Tensor& tokens, const torch::Tensor& mask) const;

  torch::Tensor position_embedding;  ///< [max_tokens, text_width]

 private:
  nn::Linear input_proj_;
  nn::TypedList<nn::TransformerLayer> layers_;
  nn::Norm norm_;
  nn::Linear proj_;
};
TORCH_MODULE(TextEncoder);

/// Embeddings of one batch and what they show; equal concepts are positives of each other.
struct ContrastiveBatch {
  torch::Tensor images;          ///< [Ni, E], unit length
  torch::Tensor texts;           ///< [Nt, E], unit length
  torch::Tensor image_concepts;  ///< [Ni] int64
  torch::Tensor text_concepts;   ///< [Nt] int64
};

/// Scalars; total = image_to_text + text_to_image + view_weight * views.
struct ContrastiveLoss {
  torch::Tensor total;
  torch::Tensor image_to_text;
  torch::Tensor text_to_image;
  torch::Tensor views;  ///< undefined when view_weight is 0
};

/// The two towers' heads and the loss; the picture encoder itself is the caller's.
class ContrastiveImpl : public torch::nn::Module, public nn::InitsItself {
 public:
  /// visual_dim: Dv of the encoder; token_dim: width of the token table.
  ContrastiveImpl(const ContrastiveConfig& config, int64_t visual_dim, int64_t token_dim,
                  const torch::TensorOptions& options);

  /// features [N, P, Dv] -> unit vectors [N, E]: mean over patches, projected.
  torch::Tensor embed_images(const torch::Tensor& features) const;

  /// ids and mask [N, T], token_table [V, token_dim] (frozen, e.g. the LM's) -> unit vectors [N,
  /// E].
  torch::Tensor embed_texts(const torch::Tensor& ids, const torch::Tensor& mask,
                            const torch::Tensor& token_table) const;

  /// Sum of both directions' cross-entropies with logits beta V L^T, plus the optional
  /// picture-picture term.
  ///
  /// Several members of a batch may show one concept (two drawings, two captions). They are no
  /// negatives of each other: a row's target is spread evenly over all its positives. In the
  /// picture-picture term a picture is no candidate for itself, and pictures without another view
  /// are left out.
  ContrastiveLoss loss(const ContrastiveBatch& batch) const;

  /// Inverse temperature, scalar.
  torch::Tensor beta() const;

  void init_own() override;

  torch::Tensor log_beta;  ///< scalar

 private:
  ContrastiveConfig config_;
  nn::Linear image_proj_;
  TextEncoder text_;
};
TORCH_MODULE(Contrastive);

/// Mean over rows of the cross-entropy between softmax(logits) and a target that spreads 1 -
/// smoothing over the row's positives and smoothing over its candidates. logits [A, B]; positives
/// [A, B] bool; candidates [A, B] bool or undefined (= all), a superset of positives. Rows without
/// positives do not count; 0 when no row has any.
torch::Tensor soft_cross_entropy(const torch::Tensor& logits, const torch::Tensor& positives,
                                 const torch::Tensor& candidates, double smoothing);

}  // namespace flamingo::vision
