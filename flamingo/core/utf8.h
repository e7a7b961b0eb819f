#pragma once

#include <cstddef>
#include <string_view>

namespace flamingo {

/// What is at a place of bytes that should be UTF-8.
struct Utf8Sequence {
  size_t length = 1;        ///< bytes of the character, or of the maximal ill-formed part
  bool valid = false;       ///< a whole character
  bool unfinished = false;  ///< the text ends inside a character
};

/// The character, or what is in its place, at `pos`; pos < bytes.size().
Utf8Sequence read_utf8(std::string_view bytes, size_t pos);

/// Whether all of it is well formed.
bool is_utf8(std::string_view bytes);

}  // namespace flamingo
