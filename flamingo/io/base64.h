#pragma once

#include <optional>
#include <string>
#include <string_view>

namespace flamingo::io {

/// Base64 of bytes with padding (RFC 4648, section 4).
std::string base64_encode(std::string_view bytes);

/// The bytes of base64 text, in the standard or the URL alphabet, padding optional, ASCII white
/// space anywhere. Nothing where the text is not that.
std::optional<std::string> base64_decode(std::string_view text);

}  // namespace flamingo::io
