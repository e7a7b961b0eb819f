#pragma once

#include <string>
#include <string_view>
#include <vector>

namespace flamingo::text {

/// A regular expression in the words of another engine.
struct TranslatedRegex {
  std::string text;
  std::vector<size_t> places;  ///< of each byte of text, the offset in the source it comes from
};

/// From the dialect of tokenizer.json (Oniguruma's, Ruby syntax) to PCRE2's, where both have the
/// same meaning afterwards: \w, \s, \d and \b follow Unicode as Oniguruma reads it, {,n} is {0,n},
/// \uHHHH a code point. Throws Error naming `where`, the expression and the place for what the two
/// read in different ways and this does not translate: nested and intersected classes, options
/// other than i, named groups, \h, {n}?, {n}+ and their like.
TranslatedRegex translate_regex(std::string_view source, const std::string& where);

}  // namespace flamingo::text
