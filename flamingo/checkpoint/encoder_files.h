#pragma once

#include <string>

#include "flamingo/checkpoint/state_dict.h"
#include "flamingo/core/config.h"
#include "flamingo/media/transform.h"
#include "flamingo/vision/registry.h"

namespace flamingo::checkpoint {

/// A pretrained encoder as a file or folder holds it.
struct EncoderFiles {
  vision::EncoderConfig config;
  media::TransformConfig transform;  ///< how the encoder was shown its pictures
  StateDict weights;                 ///< by the names of the encoder
  std::string hash;                  ///< SHA-256 of the file of weights
};

/// SHA-256 of the only file of weights at `path`, a file or folder. Throws Error naming it.
std::string weights_hash(const std::string& path);

/// Writes <folder>/model.safetensors (fp32) and then <folder>/config.json, which makes the folder
/// valid. Throws Error on an I/O failure.
void write_weights_folder(const std::string& folder, const Json& config, const StateDict& weights);

/// The same for an encoder: config.json is {"nfnet": {...}}, or what its kind is called.
void write_encoder(const std::string& folder, const vision::EncoderConfig& config,
                   const StateDict& weights);

/// Reads what write_encoder wrote, or a foreign encoder:
///
///   config.json of a CLIP, with model.safetensors         Hugging Face's
///   open_clip_config.json, open_clip_model.safetensors    open_clip's
///   a file or folder of an EfficientNet-Lite              see read_efficientnet
///
/// Parts that give no features of patches (projections, classifiers) are left out. Throws Error
/// naming the file that is missing, damaged or unknown.
EncoderFiles read_encoder(const std::string& path);

}  // namespace flamingo::checkpoint
