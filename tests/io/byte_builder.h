#pragma once

#include <cstdint>
#include <cstring>
#include <span>
#include <string>
#include <string_view>

#include <gtest/gtest.h>

#include "flamingo/core/error.h"
#include "flamingo/core/file.h"

namespace flamingo::testing {

/// Appends little-endian numbers and text: the shortest way to write a (bad) file by hand.
class ByteBuilder {
 public:
  template <class T>
  ByteBuilder& number(T value) {
    char raw[sizeof(T)];
    std::memcpy(raw, &value, sizeof(T));
    bytes_.append(raw, sizeof(T));
    return *this;
  }
  ByteBuilder& text(std::string_view value) {
    bytes_ += value;
    return *this;
  }
  /// A string after its 64-bit length, as GGUF writes it.
  ByteBuilder& counted(std::string_view value) {
    return number<uint64_t>(value.size()).text(value);
  }
  ByteBuilder& pad_to(size_t alignment) {
    while (bytes_.size() % alignment != 0) bytes_ += '\0';
    return *this;
  }
  const std::string& str() const { return bytes_; }

 private:
  std::string bytes_;
};

inline std::span<const std::byte> as_bytes(std::string_view text) {
  return std::as_bytes(std::span(text.data(), text.size()));
}

/// The message of the Error that `call` throws; anything else fails the test.
template <class Call>
std::string error_of(Call&& call) {
  try {
    call();
  } catch (const Error& error) {
    return error.what();
  }
  ADD_FAILURE() << "expected flamingo::Error";
  return "";
}

inline std::string golden(const std::string& path) {
  return std::string(FLAMINGO_GOLDEN_DIR) + "/" + path;
}

inline std::string golden_bytes(const std::string& path) {
  return read_file(golden(path), 64ull << 20);
}

}  // namespace flamingo::testing
