#pragma once

#include <initializer_list>
#include <span>
#include <string>
#include <vector>

#include "flamingo/core/config.h"
#include "flamingo/io/gguf.h"

namespace flamingo::checkpoint {

/// What a reader does with a field of a foreign file (the table of all: docs/checkpoint-fields.md).
enum class FieldUse {
  kUsed,      ///< read
  kHarmless,  ///< changes no number of a forward pass: training, bookkeeping, defaults of sampling
  kNeutral,   ///< would change the numbers: only the listed values, which change nothing, pass
  kTold,      ///< asks for what is not done here and needs no error: named in a warning
};

/// One known field.
struct Field {
  const char* name;
  FieldUse use = FieldUse::kHarmless;
  const char* neutral = "";  ///< kNeutral: a JSON list of the values that pass; null always does
};

/// The tables of fields that hold for one file.
using FieldTables = std::initializer_list<std::span<const Field>>;

/// Throws Error naming `where` and the field when `json` holds a known one whose value is not
/// neutral; null always is. Unknown ones pass: see the next two.
void check_fields(const Json& json, FieldTables tables, const std::string& where);

/// Throws Error naming a field of the object `json` that no table lists. For objects whose every
/// field is about the numbers. Fields that are null or start with "_" pass.
void refuse_unknown_fields(const Json& json, FieldTables tables, const std::string& where);

/// Warnings of fields that no table lists, and of those that one wants told. Programs write fields
/// of their own, which mostly change nothing, so they are no errors. Silent as above.
std::vector<std::string> untaken_fields(const Json& json, FieldTables tables,
                                        const std::string& where);

/// check_fields and untaken_fields for the metadata of a GGUF whose keys start with
/// "`architecture`."; all other keys pass.
void check_metadata(const io::Gguf& file, const std::string& architecture,
                    std::span<const Field> table);
std::vector<std::string> untaken_metadata(const io::Gguf& file, const std::string& architecture,
                                          std::span<const Field> table);

/// What every config.json of transformers may hold besides its model's own fields.
std::span<const Field> transformers_fields();

}  // namespace flamingo::checkpoint
