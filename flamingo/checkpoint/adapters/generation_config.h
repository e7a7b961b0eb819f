#pragma once

#include <cstdint>
#include <span>
#include <string>
#include <vector>

#include "flamingo/checkpoint/adapters/field_table.h"

namespace flamingo::checkpoint {

/// What a folder of transformers says about generation.
struct GenerationConfig {
  std::vector<int32_t> stop_ids;      ///< eos_token_id, one or several
  std::vector<int32_t> banned_ids;    ///< suppress_tokens, and bad_words_ids of one token
  std::vector<std::string> warnings;  ///< settings that the caller's options decide instead
};

/// The fields of generation_config.json: those that are used; harmless ones, among them the
/// settings of sampling, which this program takes from its options alone (a setting that is not the
/// default gives a warning); and those that are refused when they ask for something.
std::span<const Field> generation_fields();

/// Reads generation_config.json of `folder`, and eos_token_id of its config.json. Ids lie below
/// `vocab`. Without the file, only the latter. Throws Error naming file and field.
GenerationConfig read_generation_config(const std::string& folder, int64_t vocab);

}  // namespace flamingo::checkpoint
