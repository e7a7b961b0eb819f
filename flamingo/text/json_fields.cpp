#include "flamingo/text/json_fields.h"

namespace flamingo::text {

const Json& json_field(const Json& json, const char* name, const std::string& where) {
  require(json.is_object(), where, "expected an object, got {}", json.type_name());
  const auto found = json.find(name);
  require(found != json.end(), where, "expected a field \"{}\", got none", name);
  return *found;
}

std::string json_string(const Json& json, const char* name, const std::string& where) {
  const Json& value = json_field(json, name, where);
  if (!value.is_string()) fail(where + "." + name, "expected a string, got {}", value.type_name());
  return value.get<std::string>();
}

int64_t json_count(const Json& json, const char* name, const std::string& where) {
  const Json& value = json_field(json, name, where);
  const bool fits = value.is_number_integer() && value >= 0 && value < (int64_t{1} << 31);
  if (!fits) fail(where + "." + name, "expected a whole number in [0, 2^31), got {}", value);
  return value.get<int64_t>();
}

bool json_absent(const Json& json, const char* name) {
  const auto found = json.find(name);
  return found == json.end() || found->is_null();
}

bool json_bool(const Json& json, const char* name, bool fallback, const std::string& where) {
  if (json_absent(json, name)) return fallback;
  const Json& value = json_field(json, name, where);
  if (!value.is_boolean())
    fail(where + "." + name, "expected true or false, got {}", value.type_name());
  return value.get<bool>();
}

std::string json_type(const Json& json, const std::string& where) {
  return json_string(json, "type", where);
}

}  // namespace flamingo::text
