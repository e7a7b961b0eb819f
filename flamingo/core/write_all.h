#pragma once

#include <string>
#include <string_view>

namespace flamingo {

/// Writes all bytes to an open descriptor, whatever interrupts it. `path` names the file in errors.
/// Throws Error on a full disk or an I/O error, when a part may have been written.
void write_all(int fd, std::string_view bytes, const std::string& path);

}  // namespace flamingo
