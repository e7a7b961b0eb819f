#pragma once

#include <cstddef>
#include <memory>
#include <optional>
#include <span>
#include <string>

namespace flamingo::crawl {

/// Compressed formats: RFC 1952, RFC 1950, RFC 1951, RFC 8878 and RFC 7932.
enum class Compression { kGzip, kZlib, kRawDeflate, kZstd, kBrotli };

/// gzip (by magic number, method and reserved flags) or zstd (a skippable frame too) by the first
/// bytes; nothing for all others. zlib streams, raw deflate and Brotli have no magic number.
std::optional<Compression> sniff_compression(std::span<const std::byte> start);

/// sniff_compression for a whole file, whose first member may be the damaged one: gzip and zstd
/// even when one byte of the magic number is wrong.
std::optional<Compression> guess_compression(std::span<const std::byte> start);

/// Decompresses one member (gzip), frame (zstd) or stream after the other, in small steps.
class Decompressor {
 public:
  /// What a step did.
  struct Step {
    size_t consumed = 0;
    size_t produced = 0;
    bool ended = false;  ///< the member is complete and its checksum right
    std::string damage;  ///< why the member cannot go on; empty: it can
  };

  virtual ~Decompressor() = default;

  /// The next step begins a member; `member` is what follows, from its first byte on. A zstd frame
  /// of type 0x184D2A5D with a dictionary (itself plain or compressed) serves the frames after it:
  /// github.com/iipc/warc-specifications, "Zstandard Compression for WARC Files".
  virtual void restart(std::span<const std::byte> member) = 0;
  /// Takes from `input` and fills `output` as far as it can; neither taken nor filled, ended nor
  /// damaged: more input is needed.
  virtual Step step(std::span<const std::byte> input, std::span<std::byte> output) = 0;
};

/// Throws Error when memory is out.
std::unique_ptr<Decompressor> make_decompressor(Compression compression);

}  // namespace flamingo::crawl
