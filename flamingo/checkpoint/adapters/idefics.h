#pragma once

#include <span>
#include <string>
#include <vector>

#include "flamingo/checkpoint/adapters/field_table.h"
#include "flamingo/checkpoint/state_dict.h"
#include "flamingo/core/config.h"
#include "flamingo/model/flamingo.h"

namespace flamingo::checkpoint {

/// The fields of IDEFICS's config.json beside llama_fields() and transformers_fields(), of its
/// vision_config and perceiver_config, and of its picture settings (preprocessor_config.json).
std::span<const Field> idefics_fields();
std::span<const Field> idefics_vision_fields();
std::span<const Field> idefics_perceiver_fields();
std::span<const Field> idefics_picture_fields();

/// Config of IDEFICS (version 1) from its config.json. `where` names the file in errors; picture
/// settings come from another file, see read_idefics_config. Throws Error naming the
/// field that is missing, of another type or out of range.
model::FlamingoConfig flamingo_config_from_idefics(const Json& json, const std::string& where);

/// Config of an IDEFICS folder: config.json, and where present the image_processor in
/// processor_config.json (transformers 5) or else preprocessor_config.json. Throws Error naming the
/// file.
model::FlamingoConfig read_idefics_config(const std::string& folder);

/// What these files hold besides and is not followed; see untaken_fields.
std::vector<std::string> idefics_warnings(const std::string& folder);

/// Flamingo's weights from IDEFICS's names. Rotary and position buffers of older files are left
/// out. Throws Error when a matrix lacks its siblings.
StateDict flamingo_from_idefics(const StateDict& weights, const model::FlamingoConfig& config);

/// A model and what was loaded into it.
struct LoadedFlamingo {
  model::Flamingo model{nullptr};
  LoadReport report;
  std::vector<std::string> warnings;  ///< fields of its files that are not followed
};

/// Reads an IDEFICS folder: the files of read_idefics_config and safetensors (maybe sharded).
/// Throws Error naming the file: foreign, damaged, missing or NaN weights.
LoadedFlamingo load_idefics(const std::string& folder, const lm::WeightOptions& options);

}  // namespace flamingo::checkpoint
