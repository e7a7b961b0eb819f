#pragma once

#include <optional>
#include <string>
#include <string_view>

namespace flamingo::url {

/// The host of an http:, https: or file: address as browsers spell it: percent escapes undone,
/// names in Unicode as Punycode (UTS 46, non-transitional), lower case, IPv4 in any spelling as
/// four numbers, IPv6 in brackets and in its short form. Nothing for what a browser refuses.
/// Source: url.spec.whatwg.org, 3.5. Labels that libidn2 refuses by IDNA 2008 and browsers do not
/// (symbols, hyphens at other places) are encoded as they are, in normal form C.
std::optional<std::string> parse_host(std::string_view text);

}  // namespace flamingo::url
