#include "flamingo/core/file.h"

#include <fcntl.h>
#include <sys/stat.h>
#include <unistd.h>

#include <cerrno>
#include <cstring>
#include <filesystem>
#include <utility>

#include "flamingo/core/error.h"
#include "flamingo/core/temporary_file.h"
#include "flamingo/core/write_all.h"

namespace flamingo {
namespace {

std::string errno_text() { return std::strerror(errno); }

/// Closes the descriptor on scope exit.
struct FdGuard {
  int fd;
  ~FdGuard() {
    if (fd >= 0) ::close(fd);
  }
};

void sync_folder_of(const std::string& path) {
  const auto parent = std::filesystem::path(path).parent_path();
  const FdGuard folder{::open(parent.empty() ? "." : parent.c_str(), O_RDONLY | O_DIRECTORY)};
  if (folder.fd < 0 || ::fsync(folder.fd) != 0) {
    fail(path, "expected to sync the folder, got {}", errno_text());
  }
}

/// The file that bytes for `path` go to: where a link leads, else `path`.
std::string written_file(const std::string& path) {
  namespace fs = std::filesystem;
  constexpr int kMaxLinks = 40;  // as Linux follows
  require(path != "-", path, "expected the name of a file, got -",
          Hint{"./- is a file of that name"});
  fs::path at = path;
  std::error_code error;
  for (int links = 0; fs::is_symlink(fs::symlink_status(at, error)); ++links) {
    require(links < kMaxLinks, path, "expected at most {} links, got more", kMaxLinks);
    const fs::path target = fs::read_symlink(at, error);
    if (error) fail(path, "expected a link that can be read, got {}", error.message());
    at = at.parent_path() / target;
  }
  const fs::file_status status = fs::status(at, error);
  require(!fs::is_directory(status), path, "expected to write a file, got a directory");
  require(!fs::exists(status) || fs::is_regular_file(status), path,
          "expected to write a regular file, got a device, pipe or socket");
  return at.string();
}

}  // namespace

uint64_t regular_file_size(const std::string& path) {
  struct stat info {};
  require(!path.empty(), "file", "expected a path, got an empty one");
  if (::stat(path.c_str(), &info) != 0) {
    const bool address = path.starts_with("http://") || path.starts_with("https://");
    const Hint hint{address ? "addresses are not fetched" : ""};
    if (errno == ENOENT) fail(path, "expected a file, got none ({})", errno_text(), hint);
    fail(path, "expected a file that can be opened, got {}", errno_text(), hint);
  }
  require(!S_ISDIR(info.st_mode), path, "expected a file, got a directory");
  require(S_ISREG(info.st_mode), path, "expected a regular file, got a device, pipe or socket");
  return static_cast<uint64_t>(info.st_size);
}

void make_folder(const std::string& folder) {
  if (folder.empty()) return;
  std::error_code error;
  std::filesystem::create_directories(folder, error);
  if (error) fail(folder, "expected to create the folder, got {}", error.message());
}

std::string read_file(const std::string& path, uint64_t max_bytes) {
  const uint64_t size = regular_file_size(path);
  require(size <= max_bytes, path, "expected at most {} bytes, got {}", max_bytes, size);
  const FdGuard file{::open(path.c_str(), O_RDONLY | O_CLOEXEC)};
  if (file.fd < 0) fail(path, "expected a readable file, got {}", errno_text());
  std::string bytes(size, '\0');
  size_t done = 0;
  while (done < size) {
    const ssize_t n = ::read(file.fd, bytes.data() + done, size - done);
    if (n < 0 && errno == EINTR) continue;
    if (n < 0) fail(path, "expected to read the file, got {}", errno_text());
    require(n > 0, path, "expected {} bytes, got {}", size, done,
            Hint{"the file was truncated while it was read"});
    done += static_cast<size_t>(n);
  }
  return bytes;
}

AtomicFile::AtomicFile(const std::string& path)
    : path_(written_file(path)), temporary_(temporary_path(path_)), fd_(open_temporary(path_)) {}

AtomicFile::~AtomicFile() {
  if (fd_ < 0) return;
  ::unlink(temporary_.c_str());
  ::close(fd_);
}

void AtomicFile::write(std::string_view bytes) { write_all(fd_, bytes, path_); }

void AtomicFile::commit() {
  if (::fsync(fd_) != 0) fail(path_, "expected to sync the file, got {}", errno_text());
  if (::rename(temporary_.c_str(), path_.c_str()) != 0) {
    fail(path_, "expected to replace the file, got {}", errno_text());
  }
  ::close(std::exchange(fd_, -1));  // its lock until now: nobody took the file for a dead one's
  sync_folder_of(path_);
}

void write_file_atomic(const std::string& path, std::string_view bytes) {
  AtomicFile file(path);
  file.write(bytes);
  file.commit();
}

}  // namespace flamingo
