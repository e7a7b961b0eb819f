#pragma once

#include <optional>
#include <string>
#include <string_view>

namespace flamingo::url {

/// Whether the address is its own content ("data:" in any case).
bool is_data_url(std::string_view url);

/// The bytes in a data: address: what is between its first comma and its fragment, with
/// percent escapes undone, and as base64 where the part before the comma ends in ";base64". Nothing
/// for another address, one without a comma and base64 that is none.
/// Source: WHATWG Fetch, section 6 (data: URL processor).
std::optional<std::string> read_data_url(std::string_view url);

}  // namespace flamingo::url
