#pragma once

#include <cstddef>
#include <span>
#include <string_view>

namespace flamingo::testing {

/// What a target does with an input: reads all that its parser makes of it. Each program of
/// tests/fuzz defines it once. It may throw flamingo::Error and nothing else.
void fuzz(std::span<const std::byte> input);

inline std::string_view text_of(std::span<const std::byte> input) {
  return {reinterpret_cast<const char*>(input.data()), input.size()};
}

/// Reads every byte, so that a sanitizer sees a view that leaves its owner.
void read_all(std::span<const std::byte> bytes);
void read_all(std::string_view text);

}  // namespace flamingo::testing
