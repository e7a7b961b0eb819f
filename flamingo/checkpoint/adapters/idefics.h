#pragma once

#include <span>
#include <string>

#include "flamingo/checkpoint/adapters/field_table.h"
#include "flamingo/checkpoint/state_dict.h"
#include "flamingo/core/config.h"
#include "flamingo/model/flamingo.h"

namespace flamingo {

/// The fields of IDEFICS's config.json beside llama_fields() and transformers_fields(), of its
/// vision_config and perceiver_config, and of preprocessor_config.json.
std::span<const Field> idefics_fields();
std::span<const Field> idefics_vision_fields();
std::span<const Field> idefics_perceiver_fields();
std::span<const Field> idefics_picture_fields();

/// Config of IDEFICS (version 1) from its config.json. `where` names the file in errors; picture
/// settings come from preprocessor_config.json, see read_idefics_config. Throws Error naming the
/// field that is missing, of another type or out of range.
FlamingoConfig flamingo_config_from_idefics(const Json& json, const std::string& where);

/// Config of an IDEFICS folder: config.json, and preprocessor_config.json if present. Throws Error
/// naming the file.
FlamingoConfig read_idefics_config(const std::string& folder);

/// Flamingo's weights from IDEFICS's names. Rotary and position buffers of older files are left
/// out. Throws Error when a matrix lacks its siblings.
StateDict flamingo_from_idefics(const StateDict& weights, const FlamingoConfig& config);

/// A model and what was loaded into it.
struct LoadedFlamingo {
  Flamingo model{nullptr};
  LoadReport report;
};

/// Reads an IDEFICS folder: config.json, safetensors (maybe sharded), preprocessor_config.json if
/// present. Throws Error naming the file: foreign, damaged, missing or NaN weights.
LoadedFlamingo load_idefics(const std::string& folder, const WeightOptions& options);

}  // namespace flamingo
