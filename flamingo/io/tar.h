#pragma once

#include <cstddef>
#include <cstdint>
#include <map>
#include <memory>
#include <optional>
#include <span>
#include <string>
#include <string_view>
#include <vector>

#include "flamingo/core/file.h"

namespace flamingo::io {

/// What a tar may hold, applied before anything is allocated.
struct TarLimits {
  uint64_t max_members = 50'000'000;    ///< of all kinds, skipped ones too
  uint64_t max_name_bytes = 4096;       ///< of a member's name
  uint64_t max_header_bytes = 1 << 20;  ///< of one pax header
};

/// A regular file of a tar. Its name is a key only: nothing is ever written under it.
struct TarMember {
  std::string name;                 ///< as stored, folders included
  uint64_t offset = 0;              ///< of `data` in the archive, bytes
  std::span<const std::byte> data;  ///< lives as long as the archive's bytes
};

/// Reads the regular files of a tar in order: v7, ustar, GNU (long names) and pax (path, size).
/// Folders, links, devices and sparse files are skipped and counted. Header checksums are verified;
/// a tar has none over the data. Archives after each other are read as one, and the two zero
/// blocks that end an archive may be missing: both with a warning, as members may be missing too.
class TarReader {
 public:
  /// Reads bytes that must outlive the reader and its members; `where` names them in errors.
  TarReader(std::span<const std::byte> bytes, std::string where, TarLimits limits = {});

  /// The next regular file, or nothing at the end.
  /// Throws Error naming the offset: cut off within a member, damaged, over a limit, other bytes
  /// after the end. Members returned before stay good; every later call throws too.
  std::optional<TarMember> next();

  /// Members so far that were not regular files.
  uint64_t num_skipped() const { return num_skipped_; }
  /// What is odd about the archive, as far as it was read.
  const std::vector<std::string>& warnings() const { return warnings_; }

 private:
  struct Header;
  using Records = std::map<std::string, std::string, std::less<>>;

  std::optional<TarMember> next_file();
  static bool is_regular_file(const Header& header, const Records& local);
  std::optional<Header> read_header();
  std::span<const std::byte> take(uint64_t size);
  std::span<const std::byte> take_data(uint64_t size, uint64_t max_size);
  void skip_sparse_map(bool extended);
  void read_extension(const Header& header, Records& local);
  void read_pax(std::span<const std::byte> data, Records& records) const;
  const std::string* record(const Records& local, std::string_view key) const;
  uint64_t data_size(const Header& header, const Records& local) const;
  std::string member_name(const Header& header, const Records& local) const;
  bool skip_end_mark();
  void warn_of_missing_mark();
  [[noreturn]] void refuse(const std::string& message) const;
  [[noreturn]] void refuse_header(std::span<const std::byte> block) const;

  std::span<const std::byte> bytes_;
  std::string where_;
  TarLimits limits_;
  uint64_t position_ = 0;
  uint64_t header_at_ = 0;
  uint64_t num_members_ = 0;
  uint64_t num_skipped_ = 0;
  std::string last_name_;  ///< of the regular files so far
  uint64_t num_archives_ = 1;
  std::vector<std::string> warnings_;
  bool ended_ = false;
  bool damaged_ = false;
  Records global_;  ///< pax records that hold for all later members
};

/// All regular files of a tar, an index for random access, and the reader's warnings.
struct TarIndex {
  std::vector<TarMember> members;
  std::vector<std::string> warnings;
};

/// Throws Error as TarReader does.
TarIndex index_tar(std::span<const std::byte> bytes, const std::string& where,
                   const TarLimits& limits = {});

/// The header blocks of a regular file: ustar, with a pax header in front where the name is longer
/// than 100 bytes or the size 8 GiB or more. Owner 0, mode 0644, time 0. Throws Error unless the
/// name has 1 to 4096 bytes, none of them zero.
std::string tar_header(std::string_view name, uint64_t size);

/// Writes a tar that appears whole or not at all; equal input gives equal bytes.
class TarWriter {
 public:
  /// Throws Error when the file cannot be created.
  explicit TarWriter(const std::string& path);

  /// Appends a regular file. A name that tar_header refuses leaves the archive as it was; after a
  /// failed write (Error: the disk is full) the archive is given up.
  void add(std::string_view name, std::string_view data);
  /// Writes the end and makes the archive visible. Throws Error on failure (the old file stays).
  void finish();

 private:
  std::unique_ptr<AtomicFile> take_file();

  std::string path_;
  std::unique_ptr<AtomicFile> file_;  ///< empty: finished or given up
};

}  // namespace flamingo::io
