#pragma once

#include <cmath>
#include <limits>
#include <optional>
#include <string>
#include <string_view>
#include <type_traits>
#include <utility>
#include <vector>

#include "flamingo/core/error.h"
#include "nlohmann/json.hpp"

namespace flamingo {

/// Parsed JSON, everywhere.
using Json = nlohmann::json;

/// A config struct lists its fields once:
///
///   struct ResamplerConfig {
///     int64_t dim = 1536;
///     template <class Visitor> void visit(Visitor& v) { v("dim", dim, "visual width Dv"); }
///   };
///
/// and JSON reading (unknown keys are errors), writing and help text follow from that list.
namespace detail {

/// A visitor that does nothing, to ask whether a type can be visited.
struct Probe {
  template <class T>
  void operator()(const char*, T&, const char*) {}
};

}  // namespace detail

/// JSON in a message: one line of at most 60 characters.
template <>
struct MessageText<Json> {
  static std::string of(const Json& json);
};

/// A struct that lists its fields through visit(), as above.
template <class T>
concept Config = requires(T t, detail::Probe probe) {
  t.visit(probe);
};

/// A config enum is written by name: give it, in its own namespace, a function
/// `constexpr std::array<std::pair<E, const char*>, N> enum_table(E)`.
template <class E>
std::string_view enum_name(E value) {
  for (const auto& [candidate, name] : enum_table(value)) {
    if (candidate == value) return name;
  }
  return "?";
}

/// The enumerator called `name`. Throws Error listing the known names.
template <class E>
E enum_from_name(std::string_view name, std::string_view where) {
  std::string names;
  for (const auto& [candidate, known] : enum_table(E{})) {
    if (name == known) return candidate;
    names += (names.empty() ? "" : ", ") + std::string(known);
  }
  fail(where, "expected one of {}, got \"{}\"", names, name);
}

namespace detail {

/// Whether T is a std::vector.
template <class T>
struct IsVector : std::false_type {};
/// Of a vector: true.
template <class T>
struct IsVector<std::vector<T>> : std::true_type {};

/// Whether T is a std::optional.
template <class T>
struct IsOptional : std::false_type {};
/// Of an optional value: true.
template <class T>
struct IsOptional<std::optional<T>> : std::true_type {};

template <class T>
void read_value(const Json& json, T& value, const std::string& where);

/// Reads every listed field that is present and remembers the names, to find unknown keys.
struct Reader {
  const Json& json;
  std::string where;
  std::vector<std::string> known;

  template <class T>
  void operator()(const char* name, T& field, const char* /*help*/) {
    known.emplace_back(name);
    const auto it = json.find(name);
    if (it != json.end()) read_value(*it, field, where + "." + name);
  }
  /// Throws Error naming the first key that no field claims.
  void finish() const;
};

/// Writes every listed field into an object, in their order.
struct Writer {
  Json json = Json::object();
  template <class T>
  void operator()(const char* name, T& field, const char* /*help*/);
};

template <class T>
void read_value(const Json& json, T& value, const std::string& where) {
  if constexpr (Config<T>) {
    require(json.is_object(), where, "expected an object, got {}", json.type_name());
    Reader reader{json, where, {}};
    value.visit(reader);
    reader.finish();
  } else if constexpr (IsVector<T>::value) {
    require(json.is_array(), where, "expected a list, got {}", json.type_name());
    value.clear();
    for (size_t i = 0; i < json.size(); ++i) {
      value.emplace_back();
      read_value(json[i], value.back(), where + "[" + std::to_string(i) + "]");
    }
  } else if constexpr (IsOptional<T>::value) {
    if (json.is_null()) {
      value.reset();
    } else {
      read_value(json, value.emplace(), where);
    }
  } else if constexpr (std::is_same_v<T, bool>) {
    require(json.is_boolean(), where, "expected true or false, got {}", json);
    value = json.get<bool>();
  } else if constexpr (std::is_integral_v<T>) {
    require(json.is_number_integer(), where, "expected a whole number, got {}", json);
    const bool fits = json.is_number_unsigned() ? std::in_range<T>(json.get<uint64_t>())
                                                : std::in_range<T>(json.get<int64_t>());
    require(fits, where, "expected a number that fits, got {}", json);
    value = json.get<T>();
  } else if constexpr (std::is_floating_point_v<T>) {
    require(json.is_number(), where, "expected a number, got {}", json);
    const bool fits = std::abs(json.get<double>()) <= std::numeric_limits<T>::max();
    require(fits, where, "expected a number that fits, got {}", json);
    value = json.get<T>();
  } else if constexpr (std::is_enum_v<T>) {
    require(json.is_string(), where, "expected a name, got {}", json);
    value = enum_from_name<T>(json.get<std::string>(), where);
  } else {
    require(json.is_string(), where, "expected a string, got {}", json);
    value = json.get<std::string>();
  }
}

template <class T>
Json write_value(T& value) {
  if constexpr (Config<T>) {
    Writer writer;
    value.visit(writer);
    return writer.json;
  } else if constexpr (IsVector<T>::value) {
    Json list = Json::array();
    for (auto& item : value) list.push_back(write_value(item));
    return list;
  } else if constexpr (IsOptional<T>::value) {
    return value ? write_value(*value) : Json();
  } else if constexpr (std::is_enum_v<T>) {
    return std::string(enum_name(value));
  } else {
    return Json(value);
  }
}

template <class T>
void Writer::operator()(const char* name, T& field, const char* /*help*/) {
  json[name] = write_value(field);
}

}  // namespace detail

/// Fills `config` from a JSON object; absent keys keep their defaults. `where` names the file.
/// Throws Error on an unknown key or a value of the wrong type, with the path to it.
template <class T>
void config_from_json(const Json& json, T& config, const std::string& where) {
  detail::read_value(json, config, where);
}

/// All fields of `config`, defaults included.
template <class T>
Json config_to_json(T config) {
  return detail::write_value(config);
}

/// JSON as a file holds it, indented. Throws Error naming the first field whose text is not UTF-8.
std::string config_text(const Json& json);

/// Parses JSON with // comments. Throws Error with the position of the first mistake.
Json parse_json(std::string_view text, std::string_view where);

/// Reads and parses a JSON file of at most max_bytes. Throws Error naming the file.
Json read_json_file(const std::string& path, uint64_t max_bytes = 64ull << 20);

}  // namespace flamingo
