#pragma once

#include <string>
#include <string_view>
#include <vector>

#include "flamingo/core/config.h"

namespace flamingo {

/// One field of a config, for people.
struct FieldDescription {
  std::string path;   ///< "train.optimizer.lr"; of the objects in a list "sources[].name"
  std::string type;   ///< "number", "whole number", "one of cosine, linear", "list of objects", ...
  std::string value;  ///< JSON; empty for an object, whose fields follow
  std::string help;
};

namespace detail {

template <class T>
std::string type_text() {
  if constexpr (Config<T>) {
    return "object";
  } else if constexpr (IsVector<T>::value) {
    using Item = typename T::value_type;
    if constexpr (Config<Item>) return "list of objects";
    return "list: " + type_text<Item>();
  } else if constexpr (IsOptional<T>::value) {
    return type_text<typename T::value_type>() + " or null";
  } else if constexpr (std::is_same_v<T, bool>) {
    return "true or false";
  } else if constexpr (std::is_integral_v<T>) {
    return "whole number";
  } else if constexpr (std::is_floating_point_v<T>) {
    return "number";
  } else if constexpr (std::is_enum_v<T>) {
    std::string names;
    for (const auto& [value, name] : enum_table(T{})) {
      names += (names.empty() ? "one of " : ", ") + std::string(name);
    }
    return names;
  } else {
    return "text";
  }
}

/// Lists fields in depth: an object's own after it, and those of what a list or null may hold.
struct Describer {
  std::string prefix;
  std::vector<FieldDescription> fields;

  template <class T>
  void operator()(const char* name, T& field, const char* help) {
    const std::string path = prefix + name;
    std::string value = Config<T> ? "" : write_value(field).dump();
    fields.push_back({path, type_text<T>(), std::move(value), help});
    if constexpr (Config<T>) {
      inside(field, path + ".");
    } else if constexpr (IsVector<T>::value) {
      if constexpr (Config<typename T::value_type>) blank<typename T::value_type>(path + "[].");
    } else if constexpr (IsOptional<T>::value) {
      if constexpr (Config<typename T::value_type>) blank<typename T::value_type>(path + ".");
    }
  }

 private:
  template <class T>
  void inside(T& object, const std::string& path) {
    const std::string outer = std::exchange(prefix, path);
    object.visit(*this);
    prefix = outer;
  }
  template <class T>
  void blank(const std::string& path) {
    T object;
    inside(object, path);
  }
};

}  // namespace detail

/// All fields of `config`, with the values it has.
template <class T>
std::vector<FieldDescription> describe(T config) {
  detail::Describer describer;
  config.visit(describer);
  return std::move(describer.fields);
}

/// Those of the field or object at `section`, all where it is empty. Throws Error naming the
/// nearest when there is none.
std::vector<FieldDescription> fields_of(const std::vector<FieldDescription>& fields,
                                        const std::string& section);

/// Two lines a field: its path, type and value, and below it the help.
std::string to_text(const std::vector<FieldDescription>& fields);

/// The whole of a config as JSON with a comment above each field, ready to be changed. Null stands
/// where an object may; `about` is the comment on top.
std::string annotated_json(const std::vector<FieldDescription>& fields, std::string_view about);

/// Sets one field of a config's JSON as "train.optimizer.lr=1e-4" says; objects on the way are made
/// where they are missing or null, "sources[0].weight" is an item that is there. A value that is no
/// JSON is text. Throws Error naming the assignment.
void set_field(Json& json, std::string_view assignment);

/// The name that is nearest to a mistyped one, by letters changed, left out, added or swapped;
/// empty when none is near.
std::string nearest_name(std::string_view name, const std::vector<std::string>& known);

}  // namespace flamingo
