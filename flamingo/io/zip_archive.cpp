#include "flamingo/io/zip_archive.h"

#include <algorithm>
#include <vector>

#include "flamingo/core/checked.h"
#include "flamingo/core/error.h"
#include "flamingo/io/byte_reader.h"
#include "flamingo/io/crc.h"
#include "flamingo/io/inflate.h"

namespace flamingo::io {
namespace {

constexpr uint32_t kEndSignature = 0x06054b50;
constexpr uint32_t kEnd64Signature = 0x06064b50;
constexpr uint32_t kLocator64Signature = 0x07064b50;
constexpr uint32_t kCentralSignature = 0x02014b50;
constexpr uint32_t kLocalSignature = 0x04034b50;
constexpr uint64_t kEndBytes = 22;
constexpr uint64_t kLocatorBytes = 20;
constexpr uint16_t kStored = 0;
constexpr uint16_t kDeflated = 8;
constexpr uint64_t kInflateFree = 64ull << 20;  ///< bytes that any archive may inflate to
constexpr uint64_t kInflateRatio = 8;           ///< and this many times its own
constexpr uint32_t kSaturated16 = 0xFFFF;
constexpr uint32_t kSaturated32 = 0xFFFFFFFF;

using Bytes = std::span<const std::byte>;

/// Where the central directory is.
struct Directory {
  uint64_t count = 0;
  uint64_t size = 0;
  uint64_t offset = 0;
};

/// One row of the central directory.
struct CentralRow {
  std::string_view name;
  uint16_t flags = 0;
  uint16_t method = 0;
  uint32_t crc = 0;
  uint64_t stored_size = 0;
  uint64_t size = 0;
  uint64_t offset = 0;  ///< of the local header
};

/// The whole extent of a member: local header and data.
struct Extent {
  uint64_t begin = 0;
  uint64_t end = 0;
};

Bytes part(Bytes bytes, uint64_t offset, uint64_t size, std::string_view where) {
  const uint64_t end = checked_add(offset, size, where);
  require(end <= bytes.size(), where,
          "expected zip structures inside the file, got an offset of {}", offset,
          Hint{"the file is cut off or damaged"});
  return bytes.subspan(offset, size);
}

void expect_signature(ByteReader& reader, uint32_t expected, const char* what) {
  require(reader.read<uint32_t>() == expected, reader.where(), "expected a zip {}, got other bytes",
          what, Hint{"the file is cut off, damaged or not a zip archive"});
}

/// The 64-bit value when the 32-bit field says so; otherwise both must agree.
uint64_t merge(uint64_t narrow, uint64_t saturated, uint64_t wide, std::string_view where) {
  require(narrow == saturated || narrow == wide, where,
          "expected zip64 fields that agree with the zip fields, got two different values");
  return wide;
}

/// The zip64 end record, whose locator is in front of the end record.
Directory read_end64(Bytes bytes, ByteReader locator, std::string_view where) {
  expect_signature(locator, kLocator64Signature, "zip64 locator");
  const auto disk = locator.read<uint32_t>();
  ByteReader reader(part(bytes, locator.read<uint64_t>(), 56, where), where);
  require(disk == 0 && locator.read<uint32_t>() <= 1, where, "expected one zip disk, got more");
  expect_signature(reader, kEnd64Signature, "zip64 end record");
  reader.take(12);  // record size and versions
  require(reader.read<uint64_t>() == 0, where, "expected one zip disk, got more");
  Directory directory;
  const auto count_here = reader.read<uint64_t>();
  directory.count = reader.read<uint64_t>();
  require(count_here == directory.count, where, "expected one zip disk, got more");
  directory.size = reader.read<uint64_t>();
  directory.offset = reader.read<uint64_t>();
  return directory;
}

Directory find_directory(Bytes bytes, std::string_view where) {
  require(bytes.size() >= kEndBytes, where, "expected a zip archive, got {} bytes", bytes.size());
  const uint64_t end_at = bytes.size() - kEndBytes;
  ByteReader reader(bytes.subspan(end_at), where);
  expect_signature(reader, kEndSignature, "end record");
  require(reader.read<uint32_t>() == 0, where, "expected one zip disk, got more");
  const auto count_here = reader.read<uint16_t>();
  Directory directory;
  directory.count = reader.read<uint16_t>();
  require(count_here == directory.count, where, "expected one zip disk, got more");
  directory.size = reader.read<uint32_t>();
  directory.offset = reader.read<uint32_t>();
  require(reader.read<uint16_t>() == 0, where, "expected no archive comment, got one");
  if (end_at < kLocatorBytes) return directory;
  const ByteReader locator(bytes.subspan(end_at - kLocatorBytes, kLocatorBytes), where);
  if (ByteReader(locator).read<uint32_t>() != kLocator64Signature) return directory;
  const Directory wide = read_end64(bytes, locator, where);
  directory.count = merge(directory.count, kSaturated16, wide.count, where);
  directory.size = merge(directory.size, kSaturated32, wide.size, where);
  directory.offset = merge(directory.offset, kSaturated32, wide.offset, where);
  return directory;
}

/// Replaces saturated 32-bit fields by those of the zip64 extra field (header id 1).
void apply_zip64(CentralRow& row, Bytes extra, std::string_view where) {
  ByteReader reader(extra, where);
  while (reader.remaining() >= 4) {
    const auto id = reader.read<uint16_t>();
    ByteReader field(reader.take(reader.read<uint16_t>()), where);
    if (id != 1) continue;
    for (uint64_t* value : {&row.size, &row.stored_size, &row.offset}) {
      if (*value == kSaturated32) *value = field.read<uint64_t>();
    }
    return;
  }
}

CentralRow read_central(ByteReader& reader) {
  expect_signature(reader, kCentralSignature, "directory entry");
  reader.take(4);  // versions
  CentralRow row;
  row.flags = reader.read<uint16_t>();
  row.method = reader.read<uint16_t>();
  reader.take(4);  // time and date
  row.crc = reader.read<uint32_t>();
  row.stored_size = reader.read<uint32_t>();
  row.size = reader.read<uint32_t>();
  const auto name_bytes = reader.read<uint16_t>();
  const auto extra_bytes = reader.read<uint16_t>();
  const auto comment_bytes = reader.read<uint16_t>();
  const auto disk = reader.read<uint16_t>();
  reader.take(6);  // attributes
  row.offset = reader.read<uint32_t>();
  row.name = reader.take_text(name_bytes);
  const std::string at = std::string(reader.where()) + ": " + std::string(row.name);
  apply_zip64(row, reader.take(extra_bytes), at);
  reader.take(comment_bytes);
  require(disk == 0, at, "expected one zip disk, got more");
  require(row.method != kStored || row.size == row.stored_size, at,
          "expected equal sizes for a stored zip member, got {} and {}", row.size, row.stored_size);
  return row;
}

/// Checks the local header of `row` and returns where the member begins and ends.
Extent locate(Bytes members, const CentralRow& row, const std::string& at) {
  ByteReader reader(part(members, row.offset,
                         members.size() - std::min<uint64_t>(row.offset, members.size()), at),
                    at);
  expect_signature(reader, kLocalSignature, "member header");
  reader.take(4);  // version and flags
  require(reader.read<uint16_t>() == row.method, at,
          "expected the same compression in directory and member header, got two");
  reader.take(16);  // time, date, CRC and sizes: those of the directory count
  const auto name_bytes = reader.read<uint16_t>();
  const auto extra_bytes = reader.read<uint16_t>();
  require(reader.take_text(name_bytes) == row.name, at,
          "expected the same name in directory and member header, got two");
  reader.take(extra_bytes);
  const uint64_t data = row.offset + reader.position();
  reader.take(row.stored_size);
  return {data, row.offset + reader.position()};
}

}  // namespace

ZipArchive ZipArchive::parse(Bytes bytes, const std::string& where) {
  const Directory directory = find_directory(bytes, where);
  ByteReader reader(part(bytes, directory.offset, directory.size, where), where);
  const Bytes members = bytes.first(directory.offset);
  ZipArchive archive;
  archive.where_ = where;
  archive.inflate_budget_ =
      checked_add(checked_mul(bytes.size(), kInflateRatio, where), kInflateFree, where);
  std::vector<Extent> extents;
  for (uint64_t i = 0; i < directory.count; ++i) {
    const CentralRow row = read_central(reader);
    const std::string at = where + ": " + std::string(row.name);
    const Extent data = locate(members, row, at);
    const ZipEntry entry{.name = row.name,
                         .stored = members.subspan(data.begin, data.end - data.begin),
                         .size = row.size,
                         .crc = row.crc,
                         .method = row.method,
                         .encrypted = (row.flags & 1) != 0};
    require(archive.entries_.emplace(row.name, entry).second, at,
            "expected each zip member once, got a duplicate");
    extents.push_back({row.offset, data.end});
  }
  require(reader.remaining() == 0, where, "expected as many zip members as the directory holds");
  std::sort(extents.begin(), extents.end(),
            [](const Extent& a, const Extent& b) { return a.begin < b.begin; });
  for (size_t i = 1; i < extents.size(); ++i) {
    require(extents[i - 1].end <= extents[i].begin, where,
            "expected zip members that do not overlap, got an overlap at offset {}",
            extents[i].begin);
  }
  return archive;
}

Bytes ZipArchive::inflate(const ZipEntry& entry, const std::string& at, OwnedBytes& owned) {
  require(entry.size <= inflate_budget_, at,
          "expected deflated members of at most {} bytes together, got {}", inflate_budget_,
          entry.size);
  inflate_budget_ -= entry.size;
  std::vector<std::byte>& content = owned.emplace_back(entry.size);
  inflate_raw(entry.stored, content, at);
  return content;
}

Bytes ZipArchive::read(std::string_view name, OwnedBytes& owned) {
  const auto it = entries_.find(name);
  const std::string at = where_ + ": " + std::string(name);
  require(it != entries_.end(), at, "expected this zip member, got none");
  const ZipEntry& entry = it->second;
  require(!entry.encrypted, at, "expected a plain zip member, got an encrypted one");
  require(entry.method == kStored || entry.method == kDeflated, at,
          "expected a stored or deflated zip member, got compression method {}", entry.method);
  const Bytes content = entry.method == kStored ? entry.stored : inflate(entry, at, owned);
  if (entry.crc != 0) {
    const uint32_t crc = crc32(content);
    require(crc == entry.crc, at, "expected bytes with the recorded CRC-32 {}, got {}", entry.crc,
            crc, Hint{"the file is damaged"});
  }
  return content;
}

}  // namespace flamingo::io
