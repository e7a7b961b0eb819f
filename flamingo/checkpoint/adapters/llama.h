#pragma once

#include <span>
#include <string>
#include <vector>

#include "flamingo/checkpoint/adapters/field_table.h"
#include "flamingo/checkpoint/state_dict.h"
#include "flamingo/core/config.h"
#include "flamingo/lm/decoder.h"

namespace flamingo::checkpoint {

/// A language model as files give it: Decoder's shape and Decoder's weights by Decoder's names.
struct LmCheckpoint {
  lm::DecoderConfig config;
  StateDict weights;
  std::vector<std::string> warnings;  ///< fields of the file that are not followed
};

/// False for the rotary and position buffers of older files, which nobody reads.
bool is_model_weight(const std::string& name);

/// Decoder's weights from LLaMA's names ("model.layers.0.self_attn.q_proj.weight", ...): queries,
/// keys and values become one matrix, gate and up another. Rotary buffers are left out; other names
/// pass unchanged, for the loader to report. Throws Error when one of a group is missing or
/// misshapen.
StateDict decoder_from_llama(const StateDict& weights);

/// The fields of LLaMA's config.json, beside transformers_fields().
std::span<const Field> llama_fields();

/// Gives the one of two tied weights that `weights` lacks, in either direction, as transformers 5
/// does, which saves only one. Throws Error naming `where` when both are there and differ.
void tie_weights(const char* source, const char* target, StateDict& weights,
                 const std::string& where);

/// Config from LLaMA's config.json. `where` names the file in errors; see check_fields for what it
/// does not read. Throws Error naming a field that Decoder lacks or that is out of range.
lm::DecoderConfig decoder_config_from_llama(const Json& json, const std::string& where);

/// Reads a LLaMA-family folder (config.json + safetensors, maybe sharded).
/// Throws Error naming the file.
LmCheckpoint read_llama(const std::string& folder);

/// A Decoder with `checkpoint`'s weights, and what was loaded. A tied head needs none.
struct LoadedDecoder {
  lm::Decoder decoder{nullptr};
  LoadReport report;
};

/// Throws Error on missing, unexpected, misshapen or NaN weights; `where` names the checkpoint.
LoadedDecoder make_decoder(const LmCheckpoint& checkpoint, const lm::WeightOptions& options,
                           const std::string& where);

}  // namespace flamingo::checkpoint
