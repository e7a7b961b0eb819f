#pragma once

#include <string>

#include "flamingo/core/config.h"
#include "flamingo/io/gguf.h"
#include "flamingo/nn/rotary_scaling.h"

namespace flamingo::checkpoint {

/// Rotary positions as files describe them.
struct RopeSettings {
  double base = 10000.0;
  nn::RotaryScaling scaling;
};

/// From a config.json: rope_theta beside rope_scaling (transformers 4) or rope_parameters
/// (transformers 5), of type default, linear, dynamic, yarn or llama3. "dynamic" changes nothing up
/// to max_position_embeddings, which is the longest context here. `head_dim` is Dh, `context`
/// max_position_embeddings. Source: transformers 5.24, modeling_rope_utils.
/// Throws Error naming the field: another type, an unknown or missing field, a number out of range.
RopeSettings rope_from_json(const Json& json, int64_t head_dim, int64_t context,
                            const std::string& where);

/// From a GGUF of architecture llama: rope.freq_base, rope.scaling.{type, factor,
/// original_context_length, attn_factor}, the older rope.scale_linear, and the tensor
/// rope_freqs.weight. Without a type, a factor is linear. Source: llama.cpp, llama-model.cpp.
/// Throws Error naming the key: type longrope or an unknown one, a tensor that does not fit.
RopeSettings rope_from_gguf(const io::Gguf& file, int64_t head_dim);

}  // namespace flamingo::checkpoint
