#pragma once

#include <cstddef>
#include <cstdint>
#include <memory>
#include <span>
#include <string>
#include <string_view>

#include "flamingo/core/error.h"

namespace flamingo::crawl {

/// What decompression may give, counted while it runs.
struct InflateLimits {
  uint64_t max_output = 1ull << 40;  ///< bytes in all
  uint64_t max_ratio = 1000;         ///< output bytes per input byte of a member above 1 MiB
};

/// A member of a compressed file that is cut off, damaged or a bomb. Reading can go on after it.
class StreamDamage : public Error {
 public:
  /// offset: of the member in the compressed file; member_output: how many bytes of it were read
  /// before, which are not to be trusted.
  StreamDamage(std::string_view where, std::string_view message, uint64_t offset,
               uint64_t member_output)
      : Error(where, message), offset(offset), member_output(member_output) {}

  uint64_t offset;
  uint64_t member_output;
};

/// More output than the limits allow; no more can be had.
class OutputLimit : public Error {
 public:
  using Error::Error;
};

/// Bytes that are read once, front to back.
class ByteStream {
 public:
  virtual ~ByteStream() = default;

  /// Fills the front of `output` with bytes of one member and returns how many; 0: the end (or an
  /// empty `output`).
  /// Throws StreamDamage, again at each call until resync; OutputLimit over max_output, for good.
  virtual size_t read(std::span<std::byte> output) = 0;

  /// After StreamDamage: resumes at the next place that looks like a member. False when there is
  /// none; then the stream is at its end.
  virtual bool resync() { return false; }

  /// Members begun so far, 1 for the first; 0 in a stream without members.
  virtual uint64_t member() const { return 0; }

  /// Compressed bytes that resync left out so far.
  virtual uint64_t skipped_bytes() const { return 0; }
};

/// Reads bytes that must outlive it: gzip of several members, zstd of several frames or plain, told
/// apart by their first bytes. `where` names them in errors.
std::unique_ptr<ByteStream> memory_stream(std::span<const std::byte> bytes, std::string where,
                                          const InflateLimits& limits = {});

/// memory_stream of a mapped file, which must not shrink meanwhile. Throws Error as MappedFile
/// does.
std::unique_ptr<ByteStream> file_stream(const std::string& path, const InflateLimits& limits = {});

/// Decompressed bytes.
struct Inflated {
  std::string bytes;
  bool complete = true;  ///< false: the input ends before the compressed stream does
};

/// Undoes an HTTP content coding: gzip, x-gzip, deflate (with or without its zlib header), br, zstd
/// or identity, in any case; of gzip and zstd all members. Other bytes after the compressed stream
/// are ignored, as browsers do.
/// Throws Error: another coding, damage; OutputLimit. `where` names the bytes in errors.
Inflated inflate_bytes(std::string_view encoding, std::span<const std::byte> bytes,
                       const InflateLimits& limits, const std::string& where);

}  // namespace flamingo::crawl
