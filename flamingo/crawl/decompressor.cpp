#include "flamingo/crawl/decompressor.h"

#include <zlib.h>
#include <zstd.h>

#include <algorithm>
#include <array>
#include <cstdint>
#include <limits>

#include "flamingo/core/error.h"

namespace flamingo {
namespace {

constexpr int kMaxWindowLog = 27;  // zstd history of at most 128 MiB, its own default

uInt clamp_size(size_t size) {
  return static_cast<uInt>(std::min<size_t>(size, std::numeric_limits<uInt>::max()));
}

class ZlibDecompressor : public Decompressor {
 public:
  explicit ZlibDecompressor(int window_bits) {
    require(inflateInit2(&stream_, window_bits) == Z_OK, "decompressor",
            "expected memory for zlib, got none");
  }
  ~ZlibDecompressor() override { inflateEnd(&stream_); }
  ZlibDecompressor(const ZlibDecompressor&) = delete;
  ZlibDecompressor& operator=(const ZlibDecompressor&) = delete;

  void restart() override { inflateReset(&stream_); }

  Step step(std::span<const std::byte> input, std::span<std::byte> output) override {
    const uInt in = clamp_size(input.size());
    const uInt out = clamp_size(output.size());
    // zlib does not write to its input
    stream_.next_in = reinterpret_cast<Bytef*>(const_cast<std::byte*>(input.data()));
    stream_.avail_in = in;
    stream_.next_out = reinterpret_cast<Bytef*>(output.data());
    stream_.avail_out = out;
    const int code = inflate(&stream_, Z_NO_FLUSH);
    Step step{in - stream_.avail_in, out - stream_.avail_out, code == Z_STREAM_END, {}};
    if (code != Z_OK && code != Z_STREAM_END && code != Z_BUF_ERROR)
      step.damage = stream_.msg != nullptr ? stream_.msg : zError(code);
    return step;
  }

 private:
  z_stream stream_{};
};

struct FreeZstd {
  void operator()(ZSTD_DCtx* context) const { ZSTD_freeDCtx(context); }
};

class ZstdDecompressor : public Decompressor {
 public:
  ZstdDecompressor() : context_(ZSTD_createDCtx()) {
    require(context_ != nullptr, "decompressor", "expected memory for zstd, got none");
    ZSTD_DCtx_setParameter(context_.get(), ZSTD_d_windowLogMax, kMaxWindowLog);
  }

  void restart() override { ZSTD_DCtx_reset(context_.get(), ZSTD_reset_session_only); }

  Step step(std::span<const std::byte> input, std::span<std::byte> output) override {
    ZSTD_inBuffer in{input.data(), input.size(), 0};
    ZSTD_outBuffer out{output.data(), output.size(), 0};
    const size_t code = ZSTD_decompressStream(context_.get(), &out, &in);
    Step step{in.pos, out.pos, code == 0, {}};
    if (ZSTD_isError(code)) step.damage = ZSTD_getErrorName(code);
    return step;
  }

 private:
  std::unique_ptr<ZSTD_DCtx, FreeZstd> context_;
};

constexpr std::array<uint8_t, 3> kGzipMagic{0x1F, 0x8B, 8};  // method deflate included
constexpr std::array<uint8_t, 4> kZstdMagic{0x28, 0xB5, 0x2F, 0xFD};
constexpr std::array<uint8_t, 3> kSkippableMagic{0x2A, 0x4D, 0x18};  // behind 0x50 to 0x5F

/// How many bytes of the magic number stand at the front of `start`.
size_t count_equal(std::span<const std::byte> start, std::span<const uint8_t> magic) {
  size_t count = 0;
  for (size_t i = 0; i < std::min(start.size(), magic.size()); ++i)
    count += start[i] == static_cast<std::byte>(magic[i]);
  return count;
}

bool begins_with(std::span<const std::byte> start, std::span<const uint8_t> magic) {
  return count_equal(start, magic) == magic.size();
}

/// Magic, no reserved flag and a known system (RFC 1952, 2.3): some 30 bits, so that a search
/// through damaged data seldom stops at the wrong place.
bool begins_gzip(std::span<const std::byte> start) {
  if (!begins_with(start, kGzipMagic) || start.size() < 10) return false;
  const auto flags = static_cast<uint8_t>(start[3]);
  const auto system = static_cast<uint8_t>(start[9]);
  return (flags & 0xE0) == 0 && (system <= 13 || system == 255);
}

bool begins_zstd(std::span<const std::byte> start) {
  if (begins_with(start, kZstdMagic)) return true;
  return start.size() >= 8 && (start[0] & std::byte{0xF0}) == std::byte{0x50} &&
         begins_with(start.subspan(1), kSkippableMagic);
}

}  // namespace

std::optional<Compression> sniff_compression(std::span<const std::byte> start) {
  if (begins_gzip(start)) return Compression::kGzip;
  if (begins_zstd(start)) return Compression::kZstd;
  return std::nullopt;
}

std::optional<Compression> guess_compression(std::span<const std::byte> start) {
  if (const auto sure = sniff_compression(start)) return sure;
  if (count_equal(start, kGzipMagic) + 1 >= kGzipMagic.size()) return Compression::kGzip;
  if (count_equal(start, kZstdMagic) + 1 >= kZstdMagic.size()) return Compression::kZstd;
  return std::nullopt;
}

std::unique_ptr<Decompressor> make_decompressor(Compression compression) {
  switch (compression) {
    case Compression::kGzip:
      return std::make_unique<ZlibDecompressor>(MAX_WBITS + 16);
    case Compression::kZlib:
      return std::make_unique<ZlibDecompressor>(MAX_WBITS);
    case Compression::kRawDeflate:
      return std::make_unique<ZlibDecompressor>(-MAX_WBITS);
    case Compression::kZstd:
      return std::make_unique<ZstdDecompressor>();
  }
  fail("decompressor", "expected a known compression, got another number");
}

}  // namespace flamingo
