#pragma once

#include <string>

#include "flamingo/checkpoint/state_dict.h"
#include "flamingo/core/config.h"
#include "flamingo/model/config.h"

namespace flamingo::train {

/// A pretrained encoder as a folder holds it:
///
///   config.json {"nfnet": ...}          ours (flamingo pretrain-vision)
///   config.json of CLIP                 Hugging Face's
///   open_clip_config.json               open_clip's
///
/// with the weights in model.safetensors (open_clip_model.safetensors).
struct EncoderFiles {
  model::VisionConfig config;
  media::TransformConfig transform;  ///< how the encoder was shown its pictures
  checkpoint::StateDict weights;     ///< by the names of NfnetImpl or ClipVitImpl
  std::string hash;                  ///< SHA-256 of the file of weights
};

/// Writes <folder>/model.safetensors (fp32) and then <folder>/config.json, which makes the folder
/// valid. Throws Error on an I/O failure.
void write_weights_folder(const std::string& folder, const Json& config,
                          const checkpoint::StateDict& weights);

/// The same for an encoder.
void write_encoder(const std::string& folder, const vision::NfnetConfig& config,
                   const checkpoint::StateDict& weights);

/// Throws Error naming the file that is missing, damaged or unknown.
EncoderFiles read_encoder(const std::string& folder);

}  // namespace flamingo::train
