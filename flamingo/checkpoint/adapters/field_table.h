#pragma once

#include <initializer_list>
#include <span>
#include <string>

#include "flamingo/core/config.h"
#include "flamingo/io/gguf.h"

namespace flamingo {

/// What a reader does with a field of a foreign file (the table of all: docs/checkpoint-fields.md).
enum class FieldUse {
  kUsed,      ///< read
  kHarmless,  ///< changes no number of a forward pass: training, bookkeeping, defaults of sampling
  kNeutral,   ///< would change the numbers: only the listed values, which change nothing, pass
};

/// One known field.
struct Field {
  const char* name;
  FieldUse use = FieldUse::kHarmless;
  const char* neutral = "";  ///< kNeutral: a JSON list of the values that pass; null always does
};

/// Throws Error naming `where` and the field when `json` holds one that no table lists, or one
/// whose value is not neutral. Fields that are null or start with "_" pass.
void check_fields(const Json& json, std::initializer_list<std::span<const Field>> tables,
                  const std::string& where);

/// The same for the metadata of a GGUF whose keys start with "`architecture`."; all other keys
/// pass.
void check_metadata(const Gguf& file, const std::string& architecture,
                    std::span<const Field> table);

/// What every config.json of transformers may hold besides its model's own fields.
std::span<const Field> transformers_fields();

}  // namespace flamingo
