#pragma once

#include <cstddef>
#include <functional>
#include <memory>
#include <string>
#include <string_view>

namespace flamingo::text {

/// Whether this build has an engine for regular expressions (PCRE2).
bool has_regex_engine();

/// A regular expression of a tokenizer.json (see translate_regex) that PCRE2 matches within limits:
/// 10 million steps, 64 MiB and a depth of 1 million for each match.
class Regex {
 public:
  /// Throws Error naming `where`, the expression and the place in it: not well-formed, not
  /// supported, over 8 KiB, or a build without PCRE2.
  Regex(std::string_view source, std::string where);

  /// Calls visit(begin, end) for every match in `text` (UTF-8) from left to right, empty ones too,
  /// but for an empty one right after another match. Throws Error naming the expression and the
  /// place in the text where a match takes more than the limits, or where text is not UTF-8.
  void for_each_match(std::string_view text,
                      const std::function<void(size_t begin, size_t end)>& visit) const;

 private:
  struct Code;
  std::shared_ptr<const Code> code_;
};

}  // namespace flamingo::text
