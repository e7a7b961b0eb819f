#pragma once

#include <cstddef>
#include <span>

namespace flamingo::media {

/// Whether a Matroska, MP4 or AVI file ends before its outermost boxes do. Demuxers take that for
/// the file's end and say nothing. False where the file does not tell, and for other formats.
bool ends_early(std::span<const std::byte> bytes);

}  // namespace flamingo::media
