#pragma once

#include <cstdint>
#include <string>
#include <vector>

#include "flamingo/io/byte_reader.h"

namespace flamingo::parquet {

/// The next `count` numbers of `bit_width` bits (0 to 32) in Parquet's mix of runs of one value and
/// bit-packed groups of eight. The caller limits `count`; a few bytes may hold any number of them.
/// Source: github.com/apache/parquet-format, Encodings.md, "RLE = 3".
/// Throws Error past the end of the bytes and on another width.
std::vector<uint32_t> read_hybrid(io::ByteReader& reader, int bit_width, uint64_t count);

}  // namespace flamingo::parquet
