#pragma once

#include <stdexcept>
#include <string_view>

namespace flamingo::cli {

/// Standard output cannot take more, as on a full disk. No Error: it ends the program, not a turn.
class OutputError : public std::runtime_error {
 public:
  using std::runtime_error::runtime_error;
};

/// Whoever read standard output has gone; nobody needs to be told.
class ClosedOutput : public std::runtime_error {
 public:
  ClosedOutput() : std::runtime_error("standard output is closed") {}
};

/// Writes `text` to standard output at once, after what printf left in its buffer.
/// Throws OutputError and ClosedOutput.
void print(std::string_view text);

/// The same with printf's formats; printf itself would lose why it failed.
[[gnu::format(printf, 1, 2)]] void print_format(const char* format, ...);

/// Writes out what printf left. Throws like print, also for writes of printf that failed before.
void flush_output();

/// Gives descriptors 0 to 2 something where the program was started without, so that no file that
/// it opens is taken for standard output.
void ensure_standard_files();

}  // namespace flamingo::cli
