#include "flamingo/crawl/decompressor.h"

#include <brotli/decode.h>
#include <zlib.h>

#include <algorithm>
#include <array>
#include <cstdint>
#include <limits>

#include "flamingo/core/error.h"
#include "flamingo/crawl/zstd_decompressor.h"

namespace flamingo::crawl {
namespace {

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

  void restart(std::span<const std::byte>) override { inflateReset(&stream_); }

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

class BrotliDecompressor : public Decompressor {
 public:
  BrotliDecompressor() { restart({}); }

  void restart(std::span<const std::byte>) override {
    state_.reset(BrotliDecoderCreateInstance(nullptr, nullptr, nullptr));
    require(state_ != nullptr, "decompressor", "expected memory for Brotli, got none");
  }

  Step step(std::span<const std::byte> input, std::span<std::byte> output) override {
    size_t in = input.size();
    size_t out = output.size();
    auto* next_in = reinterpret_cast<const uint8_t*>(input.data());
    auto* next_out = reinterpret_cast<uint8_t*>(output.data());
    const auto result =
        BrotliDecoderDecompressStream(state_.get(), &in, &next_in, &out, &next_out, nullptr);
    Step step{input.size() - in, output.size() - out, result == BROTLI_DECODER_RESULT_SUCCESS, {}};
    if (result == BROTLI_DECODER_RESULT_ERROR)
      step.damage = BrotliDecoderErrorString(BrotliDecoderGetErrorCode(state_.get()));
    return step;
  }

 private:
  struct Free {
    void operator()(BrotliDecoderState* state) const { BrotliDecoderDestroyInstance(state); }
  };
  std::unique_ptr<BrotliDecoderState, Free> state_;
};

constexpr std::array<uint8_t, 3> kGzipMagic{0x1F, 0x8B, 8};  // method deflate included
constexpr std::array<uint8_t, 4> kZstdMagic{0x28, 0xB5, 0x2F, 0xFD};
constexpr std::array<uint8_t, 3> kSkippableMagic{0x2A, 0x4D, 0x18};  // after 0x50 to 0x5F

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

/// Magic, method and no reserved flag: all that RFC 1952, 2.3.1.2 lets a reader judge by. The byte
/// of the operating system does not count, as zlib on macOS writes 19.
bool begins_gzip(std::span<const std::byte> start) {
  if (!begins_with(start, kGzipMagic) || start.size() <= kGzipMagic.size()) return false;
  return (start[kGzipMagic.size()] & std::byte{0xE0}) == std::byte{0};
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
      return make_zstd_decompressor();
    case Compression::kBrotli:
      return std::make_unique<BrotliDecompressor>();
  }
  fail("decompressor", "expected a known compression, got number {}",
       static_cast<int>(compression));
}

}  // namespace flamingo::crawl
