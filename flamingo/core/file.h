#pragma once

#include <cstdint>
#include <functional>
#include <string>
#include <string_view>

namespace flamingo {

/// The whole content of a regular file of at most max_bytes.
/// Throws Error naming the path: missing, a directory, a device, too large, unreadable.
std::string read_file(const std::string& path, uint64_t max_bytes);

/// Size in bytes of a regular file. Throws Error as read_file does.
uint64_t regular_file_size(const std::string& path);

/// Makes the folder and those above it where they are missing; "" is the current folder.
/// Throws Error naming it.
void make_folder(const std::string& folder);

/// A file that appears whole or not at all: bytes go to "<path>.tmp.<pid>"; commit() syncs the
/// file, renames it over `path` and syncs the folder. Without commit() the temporary file is
/// removed.
class AtomicFile {
 public:
  /// A link is followed: the file that it leads to is replaced. Throws Error when the temporary
  /// file cannot be created, for what is there and no regular file, and for "-".
  explicit AtomicFile(const std::string& path);
  ~AtomicFile();
  AtomicFile(const AtomicFile&) = delete;
  AtomicFile& operator=(const AtomicFile&) = delete;

  /// Appends bytes. Throws Error on a full disk or an I/O error (the old file stays).
  void write(std::string_view bytes);
  /// Makes the new content visible. Throws Error on failure (the old file stays).
  void commit();

 private:
  std::string path_;
  std::string temporary_;
  int fd_ = -1;
};

/// AtomicFile in one call.
void write_file_atomic(const std::string& path, std::string_view bytes);

}  // namespace flamingo
