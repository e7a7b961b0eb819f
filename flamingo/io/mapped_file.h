#pragma once

#include <cstddef>
#include <span>
#include <string>

namespace flamingo::io {

/// A read-only memory map of a whole regular file (empty files map to an empty span).
/// Replacing the file by rename is safe; shrinking it in place while it is mapped is not
/// (the kernel answers a read past the new end with SIGBUS).
class MappedFile {
 public:
  /// Throws Error naming the path: missing, a directory, a device, unreadable.
  explicit MappedFile(const std::string& path);
  ~MappedFile();
  MappedFile(const MappedFile&) = delete;
  MappedFile& operator=(const MappedFile&) = delete;

  std::span<const std::byte> bytes() const { return bytes_; }
  const std::string& path() const { return path_; }

 private:
  std::string path_;
  std::span<const std::byte> bytes_;
};

}  // namespace flamingo::io
