#include "flamingo/io/mapped_file.h"

#include <fcntl.h>
#include <sys/mman.h>
#include <sys/stat.h>
#include <unistd.h>

#include <cerrno>
#include <cstring>

#include "flamingo/core/error.h"
#include "flamingo/core/file.h"

namespace flamingo::io {
namespace {

/// Maps all of `fd`; the map stays valid after the descriptor is closed.
std::span<const std::byte> map_all(int fd, const std::string& path) {
  struct stat info {};
  if (::fstat(fd, &info) != 0) fail(path, "expected a file, got {}", strerror(errno));
  require(S_ISREG(info.st_mode), path, "expected a regular file, got something else");
  const auto size = static_cast<size_t>(info.st_size);
  if (size == 0) return {};
  void* memory = ::mmap(nullptr, size, PROT_READ, MAP_PRIVATE, fd, 0);
  if (memory == MAP_FAILED) {
    fail(path, "expected to map the file, got {}", strerror(errno));
  }
  return {static_cast<const std::byte*>(memory), size};
}

}  // namespace

MappedFile::MappedFile(const std::string& path) : path_(path) {
  regular_file_size(path);  // refuses directories and devices before they are opened
  const int fd = ::open(path.c_str(), O_RDONLY | O_CLOEXEC | O_NONBLOCK);
  if (fd < 0) fail(path, "expected a readable file, got {}", strerror(errno));
  try {
    bytes_ = map_all(fd, path);
  } catch (...) {
    ::close(fd);
    throw;
  }
  ::close(fd);
}

MappedFile::~MappedFile() {
  if (bytes_.empty()) return;
  ::munmap(const_cast<std::byte*>(bytes_.data()), bytes_.size());
}

}  // namespace flamingo::io
