#pragma once

#include <torch/nn/module.h>
#include <torch/nn/pimpl.h>

#include <vector>

#include "flamingo/nn/linear.h"

namespace flamingo::lm {

/// Sizes of a vocabulary whose last rows are trained apart from the rest.
struct VocabSizes {
  int64_t base = 0;        ///< V
  int64_t additional = 0;  ///< A
  int64_t dim = 0;         ///< D
};

/// A table of rows without arithmetic of its own, so that its key ends in ".weight".
class RowsImpl : public torch::nn::Module {
 public:
  RowsImpl(int64_t rows, int64_t dim, const torch::TensorOptions& options)
      : weight(register_parameter("weight", torch::empty({rows, dim}, options))) {}
  torch::Tensor weight;  ///< [rows, dim]
};
TORCH_MODULE(Rows);

/// Token embedding: ids below V read the frozen table, ids from V on the trained one.
/// Keys: weight [V, D], additional_embedding.weight [A, D] (as in IDEFICS).
class DecoupledEmbeddingImpl : public torch::nn::Module {
 public:
  DecoupledEmbeddingImpl(const VocabSizes& sizes, const torch::TensorOptions& frozen,
                         const torch::TensorOptions& trained);

  /// ids [B, T] in [0, V + A) -> [B, T, D] in the frozen table's type. Throws Error on other ids.
  torch::Tensor forward(const torch::Tensor& ids) const;

  torch::Tensor weight;                ///< [V, D]
  Rows additional_embedding{nullptr};  ///< [A, D], absent when A = 0
};
TORCH_MODULE(DecoupledEmbedding);

/// Logits over V + A tokens; a tied head has no weight of its own and is given the embedding's.
/// Keys: weight [V, D] (untied), additional_fc.weight [A, D].
class DecoupledHeadImpl : public torch::nn::Module {
 public:
  DecoupledHeadImpl(const VocabSizes& sizes, bool tied, const torch::TensorOptions& frozen,
                    const torch::TensorOptions& trained);

  /// hidden [..., D], embedding [V, D] (read when tied) -> [..., V + A], same type.
  torch::Tensor forward(const torch::Tensor& hidden, const torch::Tensor& embedding) const;
  /// The same as [..., V] and, where A > 0, [..., A].
  std::vector<torch::Tensor> parts(const torch::Tensor& hidden,
                                   const torch::Tensor& embedding) const;

  torch::Tensor weight;               ///< [V, D], undefined when tied
  nn::Linear additional_fc{nullptr};  ///< absent when A = 0
};
TORCH_MODULE(DecoupledHead);

}  // namespace flamingo::lm
