#pragma once

#include <zlib.h>
#include <zstd.h>

#include <string>
#include <string_view>

#include "flamingo/core/error.h"

namespace flamingo::testing {

/// zlib's bits of window: gzip adds 16, a stream without header is negative.
inline constexpr int kGzipBits = MAX_WBITS + 16;
inline constexpr int kZlibBits = MAX_WBITS;
inline constexpr int kRawBits = -MAX_WBITS;

inline std::string deflate_text(std::string_view text, int window_bits) {
  z_stream stream{};
  require(deflateInit2(&stream, 6, Z_DEFLATED, window_bits, 8, Z_DEFAULT_STRATEGY) == Z_OK, "test",
          "expected memory");
  std::string out(deflateBound(&stream, text.size()) + 32, '\0');
  stream.next_in = reinterpret_cast<Bytef*>(const_cast<char*>(text.data()));
  stream.avail_in = static_cast<uInt>(text.size());
  stream.next_out = reinterpret_cast<Bytef*>(out.data());
  stream.avail_out = static_cast<uInt>(out.size());
  const int code = deflate(&stream, Z_FINISH);
  out.resize(stream.total_out);
  deflateEnd(&stream);
  require(code == Z_STREAM_END, "test", "expected one whole stream");
  return out;
}

inline std::string gzip_text(std::string_view text) { return deflate_text(text, kGzipBits); }

/// Brotli that is stored, not packed (RFC 7932, 9.2): what an encoder makes of noise.
inline std::string brotli_text(std::string_view text) {
  std::string out;
  for (bool first = true; !text.empty(); first = false) {
    const std::string_view part = text.substr(0, 1 << 16);
    // a window of 64 KiB, once; not the last part; 4 nibbles of its length; stored
    const size_t head = (part.size() - 1) << 3 | 1 << 19;
    for (int shift = 0; shift < 24; shift += 8)
      out += static_cast<char>((first ? head << 1 : head) >> shift);
    out += part;
    text.remove_prefix(part.size());
  }
  return out + (out.empty() ? '\x06' : '\x03');
}

/// A frame with a checksum.
inline std::string zstd_text(std::string_view text) {
  ZSTD_CCtx* context = ZSTD_createCCtx();
  ZSTD_CCtx_setParameter(context, ZSTD_c_checksumFlag, 1);
  std::string out(ZSTD_compressBound(text.size()), '\0');
  out.resize(ZSTD_compress2(context, out.data(), out.size(), text.data(), text.size()));
  ZSTD_freeCCtx(context);
  return out;
}

}  // namespace flamingo::testing
