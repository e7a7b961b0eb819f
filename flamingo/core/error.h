#pragma once

#include <stdexcept>
#include <string>
#include <string_view>

namespace flamingo {

/// What a caller or a file did wrong, as one line: "[where] expected X, got Y (hint: Z)".
/// The library throws nothing else for bad input; only cli/ catches it (exit code 2).
class Error : public std::runtime_error {
 public:
  /// where: the function, file or field; message: "expected X, got Y"; hint: the usual cause, or
  /// empty.
  Error(std::string_view where, std::string_view message, std::string_view hint = {});
};

/// Throws Error("[where] message (hint)").
[[noreturn]] void fail(std::string_view where, std::string_view message,
                       std::string_view hint = {});

/// Throws Error unless condition holds.
inline void require(bool condition, std::string_view where, std::string_view message,
                    std::string_view hint = {}) {
  if (!condition) fail(where, message, hint);
}

}  // namespace flamingo
