#pragma once

#include <string>

#include "flamingo/checkpoint/state_dict.h"
#include "flamingo/core/config.h"
#include "flamingo/lm/decoder.h"

namespace flamingo {

/// A language model as files give it: Decoder's shape and Decoder's weights by Decoder's names.
struct LmCheckpoint {
  DecoderConfig config;
  StateDict weights;
};

/// Decoder's weights from LLaMA's names ("model.layers.0.self_attn.q_proj.weight", ...): queries,
/// keys and values become one matrix, gate and up another. Rotary buffers are left out; other names
/// pass unchanged, for the loader to report. Throws Error when one of a group is missing or
/// misshapen.
StateDict decoder_from_llama(const StateDict& weights);

/// Config from LLaMA's config.json. `where` names the file in errors.
/// Throws Error on settings that Decoder lacks (scaled rotary, sliding windows, ...).
DecoderConfig decoder_config_from_llama(const Json& json, const std::string& where);

/// Reads a LLaMA-family folder (config.json + safetensors, maybe sharded).
/// Throws Error naming the file.
LmCheckpoint read_llama(const std::string& folder);

/// A Decoder with `checkpoint`'s weights, and what was loaded. A tied head needs none.
struct LoadedDecoder {
  Decoder decoder{nullptr};
  LoadReport report;
};

/// Throws Error on missing, unexpected, misshapen or NaN weights; `where` names the checkpoint.
LoadedDecoder make_decoder(const LmCheckpoint& checkpoint, const WeightOptions& options,
                           const std::string& where);

}  // namespace flamingo
