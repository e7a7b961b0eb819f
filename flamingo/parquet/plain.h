#pragma once

#include <cstdint>
#include <string_view>
#include <variant>
#include <vector>

#include "flamingo/io/byte_reader.h"
#include "flamingo/parquet/footer.h"

namespace flamingo::parquet {

/// Values, widened: booleans and whole numbers, float and double, bytes as views.
using ParquetPlain =
    std::variant<std::vector<int64_t>, std::vector<double>, std::vector<std::string_view>>;

/// The next `count` values in Parquet's encoding PLAIN. `count` may be wrong: nothing is allocated
/// for values that the bytes do not hold.
/// Throws Error past the end of the bytes and for INT96 and fixed-length bytes.
ParquetPlain read_plain(io::ByteReader& reader, ParquetType type, uint64_t count);

/// The next `count` values in the encoding BYTE_STREAM_SPLIT: the first bytes of all, then the
/// second ones, and so on. Throws Error past the end of the bytes and for other types than whole
/// numbers of 32 and 64 bits, float and double.
ParquetPlain read_split(io::ByteReader& reader, ParquetType type, uint64_t count);

}  // namespace flamingo::parquet
