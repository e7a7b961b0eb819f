#include "flamingo/media/container_end.h"

#include <bit>
#include <cstdint>
#include <string_view>

#include "flamingo/core/error.h"
#include "flamingo/io/byte_reader.h"

namespace flamingo::media {
namespace {

uint64_t read_big(io::ByteReader& reader, int bytes) {
  uint64_t value = 0;
  for (int i = 0; i < bytes; ++i) value = value << 8 | reader.read<uint8_t>();
  return value;
}

/// A number of EBML (RFC 8794, section 4), whose first byte tells its length; the marker of the
/// length stays in identifiers. All ones: unknown.
uint64_t read_vint(io::ByteReader& reader, bool keep_marker) {
  const auto first = reader.read<uint8_t>();
  const int more = std::countl_zero(first);
  require(more < 8, reader.where(), "expected an EBML number, got a zero byte");
  const uint64_t mask = (uint64_t{1} << (7 * (more + 1))) - 1;
  const uint64_t value = uint64_t{first} << (8 * more) | read_big(reader, more);
  if (keep_marker) return value;
  return (value & mask) == mask ? UINT64_MAX : value & mask;
}

bool matroska_ends_early(io::ByteReader reader) {
  constexpr uint64_t kSegment = 0x18538067;
  while (reader.remaining() > 0) {
    const uint64_t id = read_vint(reader, true);
    const uint64_t size = read_vint(reader, false);
    if (id == kSegment) return size != UINT64_MAX && size > reader.remaining();
    reader.take(size);
  }
  return false;
}

bool mp4_ends_early(io::ByteReader reader) {
  constexpr uint64_t kHeader = 8;
  while (reader.remaining() >= kHeader) {
    uint64_t size = read_big(reader, 4);
    uint64_t header = kHeader;
    reader.take(4);
    if (size == 0) return false;  // up to the file's end
    if (size == 1) {
      size = read_big(reader, 8);
      header += 8;
    }
    if (size < header) return false;
    if (size - header > reader.remaining()) return true;
    reader.take(size - header);
  }
  return false;
}

bool avi_ends_early(io::ByteReader reader) {
  reader.take(4);
  const uint32_t size = reader.read<uint32_t>();
  const bool known = size != 0 && size != UINT32_MAX;  // else the writer could not go back
  return known && size > reader.remaining();
}

}  // namespace

bool ends_early(std::span<const std::byte> bytes) {
  const std::string_view file(reinterpret_cast<const char*>(bytes.data()), bytes.size());
  const io::ByteReader reader(bytes, "clip");
  try {
    if (file.starts_with("\x1A\x45\xDF\xA3")) return matroska_ends_early(reader);
    if (file.starts_with("RIFF")) return avi_ends_early(reader);
    if (file.size() > 8 && (file.substr(4, 4) == "ftyp" || file.substr(4, 4) == "moov" ||
                            file.substr(4, 4) == "mdat" || file.substr(4, 4) == "wide"))
      return mp4_ends_early(reader);
  } catch (const Error&) {
    return true;  // within a header
  }
  return false;
}

}  // namespace flamingo::media
