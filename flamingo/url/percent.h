#pragma once

#include <string>
#include <string_view>

#include "flamingo/core/ascii.h"

namespace flamingo::url {

/// `text` with each "%XX" as its byte; a percent sign without two hex digits stays. Source: WHATWG
/// URL, section 1.3.
inline std::string percent_decode(std::string_view text) {
  std::string decoded;
  decoded.reserve(text.size());
  for (size_t i = 0; i < text.size(); ++i) {
    const bool escape = text[i] == '%' && i + 2 < text.size() && is_ascii_hex(text[i + 1]) &&
                        is_ascii_hex(text[i + 2]);
    if (escape) {
      decoded +=
          static_cast<char>(ascii_hex_value(text[i + 1]) * 16 + ascii_hex_value(text[i + 2]));
      i += 2;
    } else {
      decoded += text[i];
    }
  }
  return decoded;
}

}  // namespace flamingo::url
