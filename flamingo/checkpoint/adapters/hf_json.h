#pragma once

#include <string>

#include "flamingo/core/checked.h"
#include "flamingo/core/config.h"

namespace flamingo::checkpoint {

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
  require(json.is_object() && json.contains(name), where, "expected {}, got none", name);
  return field_or(json, name, T{}, where);
}

/// Sizes above this are no model's, and products of two stay far below 2^63.
constexpr int64_t kMostSize = int64_t{1} << 24;

/// A size that must be there, in [1, kMostSize]. Throws Error naming file and field otherwise.
inline int64_t size_at(const Json& json, const char* name, const std::string& where) {
  const auto value = field_at<int64_t>(json, name, where);
  require_within(where, name, value, 1, kMostSize);
  return value;
}

/// A size in [least, kMostSize], or `otherwise` when it is absent or null.
/// Throws Error naming file and field.
inline int64_t size_or(const Json& json, const char* name, int64_t otherwise,
                       const std::string& where, int64_t least = 1) {
  const int64_t value = field_or(json, name, otherwise, where);
  require_within(where, name, value, least, kMostSize);
  return value;
}

/// A number in [0, most], or `otherwise` when it is absent or null. Throws Error naming file and
/// field.
inline double number_or(const Json& json, const char* name, double otherwise, double most,
                        const std::string& where) {
  const double value = field_or(json, name, otherwise, where);
  require_within(where, name, value, 0, most);
  return value;
}

}  // namespace flamingo::checkpoint
