#pragma once

#include <cstddef>
#include <cstdint>
#include <span>
#include <string>

namespace flamingo::parquet {

/// The content of a raw LZ4 block (codec LZ4_RAW), which must have `size` bytes. Nothing larger
/// than LZ4 can make of the input is allocated, whatever `size` says.
/// Throws Error naming `where`: damaged, cut off, another size.
std::string unpack_lz4(std::span<const std::byte> bytes, uint64_t size, const std::string& where);

/// The content of the codec LZ4 as writers left it: Hadoop's frames (size of the content and of the
/// block, big endian, then the block) or, where the bytes are none, one raw block, as older Arrow
/// wrote it. Source: github.com/apache/parquet-format, Compression.md.
/// Throws Error as unpack_lz4 does.
std::string unpack_hadoop_lz4(std::span<const std::byte> bytes, uint64_t size,
                              const std::string& where);

}  // namespace flamingo::parquet
