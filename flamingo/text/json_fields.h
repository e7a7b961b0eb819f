#pragma once

#include <string>

#include "flamingo/core/config.h"

namespace flamingo::text {

/// Typed access to the parts of a tokenizer.json; `where` is the path to `json`, such as
/// "tokenizer.json: decoder". All throw Error naming the field and its type.
const Json& json_field(const Json& json, const char* name, const std::string& where);
std::string json_string(const Json& json, const char* name, const std::string& where);
/// A character count or similar: a whole number in [0, 2^31).
int64_t json_count(const Json& json, const char* name, const std::string& where);
bool json_bool(const Json& json, const char* name, bool fallback, const std::string& where);
/// True when the field is absent or null.
bool json_absent(const Json& json, const char* name);
/// The "type" of a component.
std::string json_type(const Json& json, const std::string& where);

/// Calls add(item, where) for the component `json`: for each item of field `list` when its type is
/// "Sequence" (at most 8 deep), else once. null adds nothing.
template <class Add>
void for_each_component(const Json& json, const char* list, const std::string& where,
                        const Add& add, int depth = 0) {
  if (json.is_null()) return;
  if (json_type(json, where) != "Sequence") {
    add(json, where);
    return;
  }
  require(depth < 8, where, "expected sequences at most 8 deep, got more");
  const Json& items = json_field(json, list, where);
  if (!items.is_array() || items.size() > 64)
    fail(where + "." + list, "expected a list of at most 64 items");
  for (size_t i = 0; i < items.size(); ++i) {
    for_each_component(items[i], list, where + "[" + std::to_string(i) + "]", add, depth + 1);
  }
}

}  // namespace flamingo::text
