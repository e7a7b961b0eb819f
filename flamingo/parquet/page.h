#pragma once

#include <cstddef>
#include <cstdint>
#include <optional>
#include <span>
#include <string>
#include <string_view>

#include "flamingo/io/byte_reader.h"

namespace flamingo::parquet {

/// PageType of the format.
enum class ParquetPageType : uint8_t { kData = 0, kIndex = 1, kDictionary = 2, kData2 = 3 };

/// What is in front of a page.
struct ParquetPageHeader {
  ParquetPageType type = ParquetPageType::kData;
  uint64_t size = 0;             ///< of the page as stored, bytes
  uint64_t unpacked_size = 0;    ///< bytes
  std::optional<uint32_t> crc;   ///< CRC-32 of the page as stored
  int64_t num_entries = 0;       ///< nulls included
  int64_t encoding = 0;          ///< of the values
  int64_t level_encoding = 3;    ///< of definition and repetition levels (version 1)
  uint64_t definition_size = 0;  ///< bytes of the levels, which are never packed (version 2)
  uint64_t repetition_size = 0;
  bool packed = true;  ///< whether the chunk's codec was used (version 2)
};

/// The next page's header. Throws Error where it is damaged.
ParquetPageHeader read_page_header(io::ByteReader& reader);

/// Unpacks `bytes` with a CompressionCodec of the format: Snappy, gzip, Brotli, LZ4, zstd or
/// LZ4_RAW. Memory grows with the content, which must have `size` bytes; nothing to unpack gives
/// nothing. Throws Error naming `where`: another codec, damaged, another size.
std::string unpack_page(std::span<const std::byte> bytes, int64_t codec, uint64_t size,
                        const std::string& where);

}  // namespace flamingo::parquet
