#include "flamingo/core/temporary_file.h"

#include <fcntl.h>
#include <sys/file.h>
#include <sys/stat.h>
#include <unistd.h>

#include <cerrno>
#include <charconv>
#include <csignal>
#include <cstring>
#include <filesystem>
#include <fstream>
#include <optional>
#include <utility>

#include "flamingo/core/error.h"

namespace flamingo {
namespace {

namespace fs = std::filesystem;

constexpr std::string_view kMark = ".tmp.";
/// A start that takes the file for a dead process's holds its lock for a moment only.
constexpr int kMaxTries = 100;
constexpr useconds_t kWait = 5'000;  // microseconds

/// Closes the descriptor on scope exit.
class Descriptor {
 public:
  explicit Descriptor(int fd) : fd_(fd) {}
  ~Descriptor() {
    if (fd_ >= 0) ::close(fd_);
  }
  Descriptor(const Descriptor&) = delete;
  Descriptor& operator=(const Descriptor&) = delete;

  int get() const { return fd_; }
  int release() { return std::exchange(fd_, -1); }

 private:
  int fd_;
};

/// A name that ends in ".tmp.<pid>", taken apart.
struct TemporaryName {
  std::string_view target;
  pid_t pid = 0;
};

std::optional<TemporaryName> parse_temporary(std::string_view name) {
  const size_t mark = name.rfind(kMark);
  if (mark == std::string_view::npos || mark == 0) return std::nullopt;
  const std::string_view digits = name.substr(mark + kMark.size());
  pid_t pid = 0;
  const auto [end, error] = std::from_chars(digits.data(), digits.data() + digits.size(), pid);
  if (error != std::errc() || end != digits.data() + digits.size() || pid <= 0) return std::nullopt;
  return TemporaryName{name.substr(0, mark), pid};
}

/// Whether the process has ended and only waits for its parent to ask how.
bool is_zombie(pid_t pid) {
  std::ifstream file("/proc/" + std::to_string(pid) + "/stat");
  std::string line;
  std::getline(file, line);
  const size_t name_end = line.rfind(") ");  // the name before may hold anything
  return name_end != std::string::npos && line.compare(name_end, 3, ") Z") == 0;
}

bool is_alive(pid_t pid) {
  if (::kill(pid, 0) != 0 && errno == ESRCH) return false;
  return !is_zombie(pid);
}

/// Whether `path` is still the file behind the descriptor.
bool is_at(const std::string& path, int fd) {
  struct stat there {
  }, here{};
  return ::lstat(path.c_str(), &there) == 0 && ::fstat(fd, &here) == 0 &&
         there.st_dev == here.st_dev && there.st_ino == here.st_ino;
}

void remove_unless_locked(const std::string& path) {
  const Descriptor file(::open(path.c_str(), O_RDWR | O_CLOEXEC | O_NOFOLLOW | O_NONBLOCK));
  struct stat info {};
  if (file.get() < 0 || ::fstat(file.get(), &info) != 0 || !S_ISREG(info.st_mode)) return;
  if (::flock(file.get(), LOCK_EX | LOCK_NB) != 0) return;
  if (is_at(path, file.get())) ::unlink(path.c_str());  // with the lock: nobody can take it up
}

}  // namespace

std::string temporary_path(const std::string& path) {
  return path + std::string(kMark) + std::to_string(::getpid());
}

void remove_dead_temporaries(const std::string& folder,
                             const std::function<bool(std::string_view name)>& is_ours) {
  std::error_code error;
  fs::directory_iterator entry(folder.empty() ? "." : folder, error);
  for (; !error && entry != fs::directory_iterator(); entry.increment(error)) {
    const std::string name = entry->path().filename().string();
    const auto temporary = parse_temporary(name);
    if (!temporary || !is_ours(temporary->target)) continue;
    if (temporary->pid != ::getpid() && is_alive(temporary->pid)) continue;
    remove_unless_locked(entry->path().string());
  }
}

int open_temporary(const std::string& path) {
  const fs::path target(path);
  remove_dead_temporaries(target.parent_path().string(), [&](std::string_view name) {
    return name == target.filename().string();
  });
  const std::string temporary = temporary_path(path);
  for (int tries = 0; tries < kMaxTries; ++tries) {
    Descriptor file(::open(temporary.c_str(), O_WRONLY | O_CREAT | O_CLOEXEC | O_NOFOLLOW, 0644));
    if (file.get() < 0) {
      fail(path, "expected to create the file, got {}", std::strerror(errno));
    }
    const bool is_held = ::flock(file.get(), LOCK_EX | LOCK_NB) != 0 && errno == EWOULDBLOCK;
    if (!is_held && is_at(temporary, file.get())) {
      if (::ftruncate(file.get(), 0) == 0) return file.release();
      fail(path, "expected to write the file, got {}", std::strerror(errno));
    }
    if (is_held) ::usleep(kWait);
  }
  fail(path, "expected to write the file alone, got another writer",
       Hint{temporary + " is locked: is another job in the same folder?"});
}

}  // namespace flamingo
