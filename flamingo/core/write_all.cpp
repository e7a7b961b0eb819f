#include "flamingo/core/write_all.h"

#include <unistd.h>

#include <cerrno>
#include <cstring>

#include "flamingo/core/error.h"

namespace flamingo {

void write_all(int fd, std::string_view bytes, const std::string& path) {
  while (!bytes.empty()) {
    const ssize_t n = ::write(fd, bytes.data(), bytes.size());
    if (n < 0 && errno == EINTR) continue;
    if (n < 0) fail(path, "expected to write the file, got {}", std::strerror(errno));
    bytes.remove_prefix(static_cast<size_t>(n));
  }
}

}  // namespace flamingo
