#pragma once

#include <string>

#include "flamingo/core/config.h"

namespace flamingo::document {

/// Fields of JSON that others wrote: a missing one, null and another type read as nothing.

/// The text of object[name], or "".
inline std::string json_text(const Json& object, const char* name) {
  const auto it = object.is_object() ? object.find(name) : object.end();
  return it != object.end() && it->is_string() ? it->get<std::string>() : std::string();
}

/// The whole number of object[name] in [1, 2^31), or 0.
inline int64_t json_extent(const Json& object, const char* name) {
  const auto it = object.is_object() ? object.find(name) : object.end();
  if (it == object.end() || !it->is_number()) return 0;
  const auto value = it->get<double>();  // pandas writes 640.0 where a column has nulls
  return value >= 1 && value < 0x1p31 ? static_cast<int64_t>(value) : 0;
}

/// object[name], which must be a list. Throws Error naming `where`.
inline const Json& json_list(const Json& object, const char* name, const std::string& where) {
  const auto it = object.find(name);
  require(it != object.end(), where, "expected a list \"{}\", got none", name);
  require(it->is_array(), where, "expected a list \"{}\", got {}", name, it->type_name());
  return *it;
}

}  // namespace flamingo::document
