#include "flamingo/cli/output.h"

#include <fcntl.h>
#include <poll.h>
#include <unistd.h>

#include <algorithm>
#include <cerrno>
#include <cstdarg>
#include <cstdio>
#include <cstring>
#include <string>

#include "flamingo/core/error.h"

namespace flamingo::cli {
namespace {

/// What waiting until output is possible tells of standard output.
short wait_for_output(int timeout) {
  pollfd output{STDOUT_FILENO, POLLOUT, 0};
  return ::poll(&output, 1, timeout) > 0 ? output.revents : short{0};
}

/// `code`: errno, 0 where it was lost.
[[noreturn]] void fail_output(int code) {
  if (code == EPIPE || (wait_for_output(0) & POLLERR) != 0) throw ClosedOutput();
  const std::string reason = code == 0 ? "an error" : std::strerror(code);
  throw OutputError(Error("standard output", "expected to write, got " + reason).what());
}

}  // namespace

void print(std::string_view text) {
  flush_output();
  while (!text.empty()) {
    const ssize_t n = ::write(STDOUT_FILENO, text.data(), text.size());
    if (n >= 0) {
      text.remove_prefix(static_cast<size_t>(n));
    } else if (errno == EAGAIN || errno == EWOULDBLOCK) {
      wait_for_output(-1);
    } else if (errno != EINTR) {
      fail_output(errno);
    }
  }
}

void print_format(const char* format, ...) {
  va_list arguments, again;
  va_start(arguments, format);
  va_copy(again, arguments);
  const int size = std::vsnprintf(nullptr, 0, format, arguments);
  va_end(arguments);
  std::string text(static_cast<size_t>(std::max(size, 0)) + 1, '\0');
  std::vsnprintf(text.data(), text.size(), format, again);
  va_end(again);
  text.pop_back();
  print(text);
}

void flush_output() {
  const bool has_failed = std::ferror(stdout) != 0;
  errno = 0;
  if (std::fflush(stdout) != 0 || has_failed) fail_output(errno);
}

void ensure_standard_files() {
  for (const int fd : {STDIN_FILENO, STDOUT_FILENO, STDERR_FILENO}) {
    if (::fcntl(fd, F_GETFD) >= 0) continue;
    // The lowest free descriptor is this one; writing to what is open for reading tells an error.
    const int opened = ::open("/dev/null", fd == STDERR_FILENO ? O_WRONLY : O_RDONLY);
    if (opened > STDERR_FILENO) ::close(opened);
  }
}

}  // namespace flamingo::cli
