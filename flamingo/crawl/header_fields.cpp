#include "flamingo/crawl/header_fields.h"

#include <charconv>

#include "flamingo/core/ascii.h"

namespace flamingo::crawl {

bool HeaderFields::add_line(std::string_view line) {
  if (line.starts_with(' ') || line.starts_with('\t')) {
    if (fields_.empty()) return false;
    fields_.back().value += " " + std::string(ascii_trim(line));
    return true;
  }
  const size_t colon = line.find(':');
  if (colon == line.npos) return false;
  const std::string_view name = ascii_trim(line.substr(0, colon));
  if (name.empty()) return false;
  fields_.push_back({std::string(name), std::string(ascii_trim(line.substr(colon + 1)))});
  return true;
}

const std::string* HeaderFields::find(std::string_view name) const {
  for (const Field& field : fields_) {
    if (ascii_iequal(field.name, name)) return &field.value;
  }
  return nullptr;
}

std::string_view HeaderFields::value(std::string_view name) const {
  const std::string* found = find(name);
  return found == nullptr ? std::string_view() : *found;
}

std::vector<std::string_view> HeaderFields::all(std::string_view name) const {
  std::vector<std::string_view> values;
  for (const Field& field : fields_) {
    if (ascii_iequal(field.name, name)) values.push_back(field.value);
  }
  return values;
}

std::optional<uint64_t> parse_length(std::string_view text) {
  uint64_t value = 0;
  const auto [stop, error] = std::from_chars(text.data(), text.data() + text.size(), value);
  if (text.empty() || error != std::errc() || stop != text.data() + text.size())
    return std::nullopt;
  return value;
}

}  // namespace flamingo::crawl
