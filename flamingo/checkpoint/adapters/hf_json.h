#pragma once

#include <string>

#include "flamingo/core/config.h"

namespace flamingo {

/// A field of a config.json, or `otherwise` when it is absent or null.
/// Throws Error naming file and field when it has another type.
template <class T>
T field_or(const Json& json, const char* name, T otherwise, const std::string& where) {
  const auto it = json.find(name);
  if (it != json.end() && !it->is_null()) config_from_json(*it, otherwise, where + "." + name);
  return otherwise;
}

/// A field that must be there. Throws Error naming file and field otherwise.
template <class T>
T field_at(const Json& json, const char* name, const std::string& where) {
  require(json.is_object() && json.contains(name), where,
          std::string("expected ") + name + ", got none");
  return field_or(json, name, T{}, where);
}

}  // namespace flamingo
