#pragma once

#include <cstddef>
#include <span>
#include <string>
#include <string_view>

namespace flamingo::io {

/// What a file is by its first bytes, for errors: "a PNG picture", "an MP4 clip", "a ZIP archive".
/// Empty when they say nothing.
std::string_view file_kind(std::span<const std::byte> bytes);

/// The end of an error about a file of another kind than expected: "a PNG picture", or
/// "a file that starts otherwise".
std::string other_kind(std::span<const std::byte> bytes);

/// What to do about it where pictures and clips were confused, or empty.
std::string_view other_kind_hint(std::span<const std::byte> bytes);

}  // namespace flamingo::io
