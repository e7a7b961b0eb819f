#include "flamingo/io/inflate.h"

#include "flamingo/core/error.h"

#ifdef FLAMINGO_ZLIB
#include <zlib.h>

#include <algorithm>
#include <limits>
#endif

namespace flamingo::io {

#ifdef FLAMINGO_ZLIB

bool has_inflate() { return true; }

namespace {

/// zlib's stream, whose state is freed with it.
class Stream {
 public:
  explicit Stream(const std::string& where) {
    require(inflateInit2(&stream_, -MAX_WBITS) == Z_OK, where, "expected memory for zlib");
  }
  Stream(const Stream&) = delete;
  Stream& operator=(const Stream&) = delete;
  ~Stream() { inflateEnd(&stream_); }

  z_stream* operator->() { return &stream_; }
  int step() { return inflate(&stream_, Z_NO_FLUSH); }

 private:
  z_stream stream_ = {};
};

/// The next part of `rest` that zlib's 32-bit counters can take.
uInt take_part(size_t& rest) {
  const size_t part = std::min<size_t>(rest, std::numeric_limits<uInt>::max());
  rest -= part;
  return static_cast<uInt>(part);
}

}  // namespace

void inflate_raw(std::span<const std::byte> compressed, std::span<std::byte> out,
                 const std::string& where) {
  Stream stream(where);
  Bytef none = 0;
  size_t in_rest = compressed.size(), out_rest = out.size();
  stream->next_in = reinterpret_cast<z_const Bytef*>(
      const_cast<std::byte*>(compressed.data()));  // zlib only reads it
  stream->next_out = out.empty() ? &none : reinterpret_cast<Bytef*>(out.data());
  int code = Z_OK;
  while (code == Z_OK) {
    if (stream->avail_in == 0) stream->avail_in = take_part(in_rest);
    if (stream->avail_out == 0) stream->avail_out = take_part(out_rest);
    code = stream.step();
  }
  const bool exact = code == Z_STREAM_END && stream->avail_in == 0 && in_rest == 0 &&
                     stream->avail_out == 0 && out_rest == 0;
  require(exact, where, "expected deflated data of {} bytes, got {}", out.size(),
          code == Z_DATA_ERROR ? "damaged data" : "another length",
          Hint{"the file is cut off or damaged"});
}

#else

bool has_inflate() { return false; }

void inflate_raw(std::span<const std::byte>, std::span<std::byte>, const std::string& where) {
  fail(where, "expected a stored zip member, got a deflated one", Hint{"this build has no zlib"});
}

#endif

}  // namespace flamingo::io
