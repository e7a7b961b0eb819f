#pragma once

#include <cstdint>
#include <map>
#include <span>
#include <string>
#include <string_view>

namespace flamingo {

/// One stored (uncompressed) member.
struct ZipEntry {
  std::string_view name;
  std::span<const std::byte> data;
  uint32_t crc = 0;  ///< CRC-32 that `data` must have
};

/// The directory of a zip file (zip64 too), as far as PyTorch writes it.
/// Refuses: compression, encryption, several disks, an archive comment, duplicate names, members
/// that overlap or leave the file, and local headers or zip64 fields that contradict the directory.
class ZipArchive {
 public:
  /// Reads the directory of bytes that must outlive the result; `where` names them in errors.
  /// Throws Error naming the reason.
  static ZipArchive parse(std::span<const std::byte> bytes, const std::string& where);

  /// All members by name.
  const std::map<std::string_view, ZipEntry>& entries() const { return entries_; }
  /// The bytes of member `name`, CRC checked (one pass over them).
  /// Throws Error when it is missing or damaged.
  std::span<const std::byte> read(std::string_view name) const;

 private:
  std::string where_;
  std::map<std::string_view, ZipEntry> entries_;
};

}  // namespace flamingo
