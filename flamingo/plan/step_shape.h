#pragma once

#include <cstdint>
#include <optional>
#include <string_view>
#include <utility>

#include "flamingo/model/freeze.h"
#include "flamingo/surgery/lora_layers.h"
#include "flamingo/surgery/pack_frozen.h"

namespace flamingo::plan {

/// Extents of a training batch, padding included where nothing else is said.
struct StepShape {
  int64_t sequences = 1;  ///< B
  int64_t tokens = 1;     ///< T, of each sequence
  int64_t visible = 0;    ///< Nv <= B T, tokens that see a media item
  int64_t media = 0;      ///< M, of each sequence
  int64_t frames = 1;     ///< F, of each media item
  int64_t targets = 1;    ///< positions whose logits are computed, of all sequences
  bool encodes = false;   ///< pictures pass the encoder in the step; else features are stored
  int64_t clips = 0;      ///< media of all sequences without padding; 0: B M
  int64_t pictures = 0;   ///< frames of all media without padding; 0: clips x frames

  /// Throws Error unless every extent is in its range; up to 2^24 tokens and 65,536 pictures.
  void validate() const;
  int64_t num_clips() const { return clips > 0 ? clips : sequences * media; }
  int64_t num_pictures() const { return pictures > 0 ? pictures : num_clips() * frames; }
};

/// What of a model learns in a step.
struct StepTraining {
  model::Trainable parts;
  std::optional<surgery::LoraConfig> lora;

  StepTraining(const model::Trainable& trainable = {},
               std::optional<surgery::LoraConfig> low_rank = {})
      : parts(trainable), lora(std::move(low_rank)) {}
  /// Rank of the change of the LM's layers of this name; 0: none.
  int64_t lora_rank(std::string_view layer) const;
};

/// How a training step stores what it must keep.
struct StepStorage {
  surgery::FrozenFormat frozen =
      surgery::FrozenFormat::kBf16;  ///< kFp32: all arithmetic is in fp32, else in bf16
  bool checkpoint_blocks = false;    ///< see FlamingoImpl::checkpoint_blocks
  bool accumulates = false;  ///< gradients of earlier micro-batches are there from the start

  int64_t compute_bytes() const { return frozen == surgery::FrozenFormat::kFp32 ? 4 : 2; }
  torch::ScalarType compute_type() const {
    return frozen == surgery::FrozenFormat::kFp32 ? torch::kFloat32 : torch::kBFloat16;
  }
};

}  // namespace flamingo::plan
