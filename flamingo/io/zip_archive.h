#pragma once

#include <cstdint>
#include <map>
#include <span>
#include <string>
#include <string_view>

#include "flamingo/io/owned_bytes.h"

namespace flamingo::io {

/// One member as the directory describes it; its content is looked at when it is read.
struct ZipEntry {
  std::string_view name;
  std::span<const std::byte> stored;  ///< as they stand in the file
  uint64_t size = 0;                  ///< bytes of the content
  uint32_t crc = 0;                   ///< CRC-32 of the content; 0: the writer kept none
  uint16_t method = 0;                ///< 0 stored, 8 deflated, others are never read
  bool encrypted = false;
};

/// The directory of a zip file (zip64 too), as far as PyTorch and common tools write it.
/// Refuses: several disks, an archive comment, duplicate names, members that overlap or leave the
/// file, and local headers or zip64 fields that contradict the directory.
class ZipArchive {
 public:
  /// Reads the directory of bytes that must outlive the result; `where` names them in errors.
  /// Throws Error naming the reason.
  static ZipArchive parse(std::span<const std::byte> bytes, const std::string& where);

  /// All members by name.
  const std::map<std::string_view, ZipEntry>& entries() const { return entries_; }
  /// The content of member `name`, CRC checked where one is recorded (one pass over it). That of a
  /// deflated member is added to `owned`; all of those together may take 64 MiB and 8 times the
  /// archive. Throws Error when it is missing, damaged, too large, encrypted or compressed in
  /// another way.
  std::span<const std::byte> read(std::string_view name, OwnedBytes& owned);

 private:
  std::span<const std::byte> inflate(const ZipEntry& entry, const std::string& at,
                                     OwnedBytes& owned);

  std::string where_;
  std::map<std::string_view, ZipEntry> entries_;
  uint64_t inflate_budget_ = 0;  ///< bytes that deflated members may still take
};

}  // namespace flamingo::io
