#pragma once

#include <cstddef>
#include <cstdint>
#include <span>
#include <string>

#include "flamingo/crawl/decompressor.h"

namespace flamingo::crawl {

/// The whole content of compressed bytes, all members or frames after each other. Memory grows with
/// the content, not with what a header promises.
/// Throws Error naming `where`: damaged, cut off, more than max_bytes.
std::string unpack(std::span<const std::byte> bytes, Compression compression, uint64_t max_bytes,
                   const std::string& where);

}  // namespace flamingo::crawl
