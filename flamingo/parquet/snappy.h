#pragma once

#include <cstddef>
#include <cstdint>
#include <span>
#include <string>

namespace flamingo::parquet {

/// The content of a raw Snappy block, which must have `size` bytes. Nothing larger than Snappy can
/// make of the input is allocated, whatever `size` says.
/// Source: github.com/google/snappy, format_description.txt.
/// Throws Error naming `where`: damaged, cut off, another size.
std::string unpack_snappy(std::span<const std::byte> bytes, uint64_t size,
                          const std::string& where);

}  // namespace flamingo::parquet
