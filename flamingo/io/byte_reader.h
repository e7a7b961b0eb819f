#pragma once

#include <algorithm>
#include <bit>
#include <cstddef>
#include <cstdint>
#include <cstring>
#include <span>
#include <string>
#include <string_view>

#include "flamingo/core/error.h"

namespace flamingo::io {

static_assert(std::endian::native == std::endian::little, "file formats here are little endian");

/// A cursor over bytes that must outlive it. Every read past the end throws Error naming the
/// position, so that format code needs no bounds checks of its own.
class ByteReader {
 public:
  /// `where` names the bytes in errors and must outlive the reader.
  ByteReader(std::span<const std::byte> bytes, std::string_view where)
      : bytes_(bytes), where_(where) {}

  /// The next little-endian number.
  template <class T>
  T read() {
    T value;
    std::memcpy(&value, take(sizeof(T)).data(), sizeof(T));
    return value;
  }

  /// The next `count` bytes.
  std::span<const std::byte> take(uint64_t count) {
    if (count > remaining()) {
      fail(where_, "expected {} bytes at offset {}, got {}", count, position_, remaining(),
           Hint{"the file is cut off or damaged"});
    }
    const auto part = bytes_.subspan(position_, count);
    position_ += count;
    return part;
  }

  /// The next `count` bytes as text.
  std::string_view take_text(uint64_t count) {
    const auto part = take(count);
    return {reinterpret_cast<const char*>(part.data()), part.size()};
  }

  /// The text up to the next newline, which is taken too; at most `max_bytes` long.
  std::string_view take_line(uint64_t max_bytes) {
    const auto rest = bytes_.subspan(position_, std::min<uint64_t>(remaining(), max_bytes + 1));
    const auto newline = std::find(rest.begin(), rest.end(), std::byte{'\n'});
    if (newline == rest.end()) {
      fail(where_, "expected a line of at most {} bytes at offset {}, got no line end", max_bytes,
           position_);
    }
    const std::string_view line = take_text(static_cast<uint64_t>(newline - rest.begin()));
    take(1);
    return line;
  }

  uint64_t position() const { return position_; }
  uint64_t remaining() const { return bytes_.size() - position_; }
  std::string_view where() const { return where_; }

 private:
  std::span<const std::byte> bytes_;
  std::string_view where_;
  uint64_t position_ = 0;
};

}  // namespace flamingo::io
