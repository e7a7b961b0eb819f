#pragma once

#include <torch/nn/module.h>

#include <optional>
#include <span>
#include <vector>

#include "flamingo/parallel/process_group.h"
#include "flamingo/train/caption_language.h"
#include "flamingo/vision/contrastive.h"
#include "flamingo/vision/registry.h"

namespace flamingo::train {

/// Encoder and heads under one roof, so that they train together: keys "encoder.", "contrastive.".
struct TwoTowers : torch::nn::Module {
  TwoTowers(const vision::EncoderConfig& encoder_config, const vision::ContrastiveConfig& config,
            int64_t token_dim);
  vision::VisionEncoderPtr encoder;
  vision::Contrastive contrastive;
};

/// Captioned pictures of a batch, those of this process.
struct CaptionedRows {
  torch::Tensor pixels;    ///< [N, 3, S, S] in the compute type
  torch::Tensor features;  ///< [N, P, D0] of the trunk, instead of pixels
  CaptionTokens captions;
  torch::Tensor concepts;            ///< [N] int64; equal ones are positives of each other
  std::vector<uint64_t> drop_seeds;  ///< N: what the encoder drops of each picture at random

  int64_t size() const { return concepts.size(0); }
  /// Rows first, first + 1, ... first + count - 1.
  CaptionedRows slice(int64_t first, int64_t count) const;
};

/// Unit vectors of pictures and captions.
struct Embeddings {
  torch::Tensor images;  ///< [N, E]
  torch::Tensor texts;   ///< [N, E]
};

/// Both towers; `table` [V, token_dim] has the captions' tokens. Where the towers are in training
/// mode, the encoder drops what drop_seeds say.
Embeddings embed(TwoTowers& towers, const CaptionedRows& rows, const torch::Tensor& table);

/// What the whole batch of all processes gives.
struct GlobalLoss {
  torch::Tensor share;       ///< its loss / processes, scalar; they add up to the loss
  double loss = 0;           ///< of the whole batch
  double image_to_text = 0;  ///< R@1: share of pictures whose best caption is a positive
  double text_to_image = 0;  ///< R@1 of captions
};

/// The contrastive loss over the batch of all processes of `group` (paper B.1.3), whose rows are
/// gathered with their gradients. concepts [N].
GlobalLoss global_loss(const vision::Contrastive& heads, const Embeddings& own,
                       const torch::Tensor& concepts, const parallel::ProcessGroup& group);

/// The loss of a batch that is larger than memory, by cached gradients (Gao et al. 2021): all rows
/// are embedded without a graph, the loss gives the gradient of each embedding, and each piece is
/// embedded again for its own part of the backward pass. Gradients and loss are those of the plain
/// step.
class CachedGradients {
 public:
  /// Embeds all N rows in pieces of `piece` and takes the loss's gradients [N, E].
  CachedGradients(TwoTowers& towers, const CaptionedRows& rows, int64_t piece,
                  const torch::Tensor& table, const parallel::ProcessGroup& group);

  const GlobalLoss& loss() const { return loss_; }
  /// Scalar whose gradient is the loss's through rows first, first + 1, ... of N (one piece); the
  /// values of all pieces add up to loss().share. table [V, token_dim].
  torch::Tensor piece_loss(TwoTowers& towers, const CaptionedRows& rows, int64_t first,
                           int64_t count, const torch::Tensor& table) const;

 private:
  GlobalLoss loss_;
  torch::Tensor images_, texts_;  ///< gradients [N, E]
  torch::Tensor log_beta_;        ///< gradient, scalar
};

/// R@1 of pictures and captions in a gallery: images, texts [N, E]; concepts [N].
std::pair<double, double> retrieval(const torch::Tensor& images, const torch::Tensor& texts,
                                    const torch::Tensor& concepts);

}  // namespace flamingo::train
