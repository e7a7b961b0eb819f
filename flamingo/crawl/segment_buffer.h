#pragma once

#include <cstddef>
#include <cstdint>
#include <deque>
#include <memory>
#include <string_view>
#include <vector>

#include "flamingo/crawl/byte_stream.h"

namespace flamingo::crawl {

/// Look-ahead over a ByteStream, in segments: one ends where the stream ends or is damaged.
/// Reads no further than it is asked to, so that the end of a member is seen as such.
class SegmentBuffer {
 public:
  explicit SegmentBuffer(std::unique_ptr<ByteStream> stream) : stream_(std::move(stream)) {}

  /// All buffered bytes from the read position on, at least `size` unless the segment ends before.
  /// Valid until the next call. Throws Error where the stream gives up.
  std::string_view peek(size_t size);
  /// Moves on by `size` bytes, all of them peeked before.
  void skip(size_t size);

  /// Whether a member begins after `from` to `to` buffered bytes; only the last 16 are known.
  bool member_begins(size_t from, size_t to) const;
  /// Buffered bytes up to the next known beginning of a member, at least 1 where there are any.
  size_t until_member() const;

  /// Whether the segment ends with damage, as far as it was peeked.
  bool damaged() const { return damaged_; }
  /// Whether the next `size` bytes are from members that are whole, as far as it was peeked.
  bool trusted(size_t size) const;
  /// Whether the damage hit a member that gave no bytes at all.
  bool damaged_from_start() const { return damaged_ && damaged_output_ == 0; }
  /// Drops what is left of a damaged segment and begins the next. False: there is none.
  bool next_segment();

  const ByteStream& stream() const { return *stream_; }

 private:
  void fill();
  void make_room();

  std::unique_ptr<ByteStream> stream_;
  std::vector<std::byte> storage_;
  size_t begin_ = 0;  ///< of the buffered bytes in storage_
  size_t end_ = 0;
  uint64_t consumed_ = 0;        ///< bytes skipped in all: the position of begin_ in the stream
  std::deque<uint64_t> starts_;  ///< positions of members in the stream
  uint64_t member_ = 0;
  bool ended_ = false;
  bool damaged_ = false;
  uint64_t damaged_output_ = 0;  ///< bytes at the segment's end that are from the damaged member
};

}  // namespace flamingo::crawl
