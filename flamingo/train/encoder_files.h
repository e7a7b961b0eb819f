#pragma once

#include <string>

#include "flamingo/checkpoint/state_dict.h"
#include "flamingo/core/config.h"
#include "flamingo/vision/nfnet.h"

namespace flamingo {

/// A pretrained encoder as a folder holds it: config.json and model.safetensors.
struct EncoderFiles {
  NfnetConfig config;
  StateDict weights;  ///< by NfnetImpl's names
  std::string hash;   ///< SHA-256 of model.safetensors
};

/// Writes <folder>/model.safetensors (fp32) and then <folder>/config.json, which makes the folder
/// valid. Throws Error on an I/O failure.
void write_weights_folder(const std::string& folder, const Json& config, const StateDict& weights);

/// The same for an encoder.
void write_encoder(const std::string& folder, const NfnetConfig& config, const StateDict& weights);

/// Throws Error naming the file that is missing, damaged or unknown.
EncoderFiles read_encoder(const std::string& folder);

/// An encoder with these weights in `type`, frozen.
Nfnet make_encoder(const EncoderFiles& files, torch::ScalarType type);

}  // namespace flamingo
