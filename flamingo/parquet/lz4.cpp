#include "flamingo/parquet/lz4.h"

#include <lz4.h>

#include <bit>
#include <limits>
#include <optional>

#include "flamingo/core/error.h"
#include "flamingo/io/byte_reader.h"

namespace flamingo::parquet {
namespace {

constexpr uint64_t kMaxLz4Ratio = 255;  // a byte of length adds so many
constexpr uint64_t kMaxBlock = std::numeric_limits<int>::max();

uint32_t read_big_endian(io::ByteReader& reader) {
  return __builtin_bswap32(reader.read<uint32_t>());
}

/// How many bytes the block gave in the front of `room`; nothing for damage.
std::optional<size_t> unpack_block(std::string_view block, std::span<char> room) {
  if (block.size() > kMaxBlock || room.size() > kMaxBlock) return std::nullopt;
  const int written = LZ4_decompress_safe(block.data(), room.data(), static_cast<int>(block.size()),
                                          static_cast<int>(room.size()));
  return written < 0 ? std::nullopt : std::optional(static_cast<size_t>(written));
}

/// Nothing where the bytes are not such frames.
std::optional<std::string> unpack_frames(std::span<const std::byte> bytes, uint64_t size) {
  io::ByteReader reader(bytes, "LZ4");
  std::string out(size, '\0');
  uint64_t filled = 0;
  while (reader.remaining() > 8) {
    const uint64_t unpacked = read_big_endian(reader);
    const uint64_t packed = read_big_endian(reader);
    if (packed > reader.remaining() || unpacked > size - filled) return std::nullopt;
    const auto written =
        unpack_block(reader.take_text(packed), std::span(out).subspan(filled, unpacked));
    if (written != unpacked) return std::nullopt;
    filled += unpacked;
  }
  return reader.remaining() == 0 && filled == size ? std::optional(std::move(out)) : std::nullopt;
}

void expect_possible(std::span<const std::byte> bytes, uint64_t size, const std::string& where) {
  require(size / kMaxLz4Ratio <= bytes.size(), where,
          "expected an LZ4 block of {} bytes, got too few bytes for it", size);
}

}  // namespace

std::string unpack_lz4(std::span<const std::byte> bytes, uint64_t size, const std::string& where) {
  expect_possible(bytes, size, where);
  std::string out(size, '\0');
  const std::string_view block(reinterpret_cast<const char*>(bytes.data()), bytes.size());
  require(unpack_block(block, out) == size, where, "expected an LZ4 block of {} bytes, got damage",
          size);
  return out;
}

std::string unpack_hadoop_lz4(std::span<const std::byte> bytes, uint64_t size,
                              const std::string& where) {
  expect_possible(bytes, size, where);
  if (auto frames = unpack_frames(bytes, size)) return std::move(*frames);
  return unpack_lz4(bytes, size, where);
}

}  // namespace flamingo::parquet
