#pragma once

#include <cstddef>
#include <cstdint>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

namespace flamingo::crawl {

/// "Name: value" lines of a WARC record or HTTP message, in their order.
class HeaderFields {
 public:
  /// One line, its continuations joined to it.
  struct Field {
    std::string name;
    std::string value;  ///< without blanks around it; bytes as they came
  };

  /// Takes one line without its line end. A line that begins with a blank continues the value of
  /// the last one. False: it is neither that nor "Name: value" and was left out.
  bool add_line(std::string_view line);

  const std::vector<Field>& fields() const { return fields_; }
  /// The first value under this name, whatever its case, or null.
  const std::string* find(std::string_view name) const;
  /// find, or "" where there is none.
  std::string_view value(std::string_view name) const;
  /// All values under this name.
  std::vector<std::string_view> all(std::string_view name) const;

 private:
  std::vector<Field> fields_;
};

/// A number of decimal digits alone, or nothing: a sign, other text, 2^64 or more.
std::optional<uint64_t> parse_length(std::string_view text);

}  // namespace flamingo::crawl
