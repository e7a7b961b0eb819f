#pragma once

#include <cstdint>
#include <string>
#include <string_view>
#include <vector>

#include "flamingo/io/byte_reader.h"

namespace flamingo::parquet {

/// The next `count` numbers in the encoding DELTA_BINARY_PACKED, which must be all of the stream;
/// nothing is read for none. Sums wrap at 64 bits, those of 32-bit columns at 32.
/// The caller limits `count`; a few bytes may hold any number of them.
/// Source: github.com/apache/parquet-format, Encodings.md, "DELTA_BINARY_PACKED = 5".
/// Throws Error past the end of the bytes, and for another number of values or odd sizes.
std::vector<int64_t> read_delta_numbers(io::ByteReader& reader, uint64_t count,
                                        bool is_64_bit = true);

/// The next `count` values in the encoding DELTA_LENGTH_BYTE_ARRAY (6): all lengths, then all
/// bytes. Views of the reader's bytes. Throws Error past the end of the bytes and for a negative
/// length.
std::vector<std::string_view> read_delta_length_texts(io::ByteReader& reader, uint64_t count);

/// The next `count` values in the encoding DELTA_BYTE_ARRAY (7): each shares a beginning with the
/// one before. The values are views of `storage`, which grows once, to at most `max_bytes`. Throws
/// Error past the end of the bytes, for a beginning longer than the value before, and over
/// max_bytes.
std::vector<std::string_view> read_delta_texts(io::ByteReader& reader, uint64_t count,
                                               uint64_t max_bytes, std::string& storage);

}  // namespace flamingo::parquet
