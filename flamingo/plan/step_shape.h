#pragma once

#include <cstdint>
#include <optional>
#include <string_view>

#include "flamingo/model/config.h"
#include "flamingo/model/freeze.h"
#include "flamingo/surgery/lora_layers.h"

namespace flamingo::plan {

/// Extents of a training batch, padding included where nothing else is said.
struct StepShape {
  int64_t sequences = 1;  ///< B
  int64_t tokens = 1;     ///< T, of each sequence
  int64_t visible = 0;    ///< Nv <= B T, tokens that see a medium
  int64_t media = 0;      ///< M, of each sequence
  int64_t frames = 1;     ///< F, of each medium
  int64_t targets = 1;    ///< positions whose logits are computed, of all sequences
  bool encodes = false;   ///< pictures pass the encoder in the step; else features are stored
  int64_t clips = 0;      ///< media of all sequences without padding; 0: B M
  int64_t pictures = 0;   ///< frames of all media without padding; 0: clips x frames

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

/// What of a training step flows backwards, besides what is trained. Batches are taken to hold an
/// additional token, as those with media do.
struct GradientFlow {
  bool features = false;  ///< into the encoder
  bool media = false;     ///< into the media tokens
  bool hidden = false;    ///< into the hidden states before the first block

  GradientFlow(const model::FlamingoConfig& config, const StepShape& shape,
               const model::Trainable& trainable);
};

/// P, features of one frame: those of the config's encoder at its own picture size.
int64_t num_patches(const vision::EncoderConfig& config);

}  // namespace flamingo::plan
