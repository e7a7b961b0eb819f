#include "flamingo/crawl/zstd_decompressor.h"

#include <zstd.h>

#include <cstdint>
#include <map>
#include <optional>
#include <string>
#include <string_view>

#include "flamingo/core/error.h"
#include "flamingo/crawl/unpack.h"
#include "flamingo/io/byte_reader.h"

namespace flamingo::crawl {
namespace {

constexpr int kMaxWindowLog = 27;  // history of at most 128 MiB, zstd's own default
constexpr uint64_t kMaxDictionaryBytes = 16 << 20;
constexpr int kMaxDictionaries = 64;  // frames looked at: each may unpack to that size
constexpr uint32_t kDictionaryFrame = 0x184D2A5D;
constexpr uint32_t kFrameMagic = 0xFD2FB528;
constexpr std::string_view kDictionaryMagic = "\x37\xA4\x30\xEC";

struct FreeContext {
  void operator()(ZSTD_DCtx* context) const { ZSTD_freeDCtx(context); }
};
struct FreeDictionary {
  void operator()(ZSTD_DDict* dictionary) const { ZSTD_freeDDict(dictionary); }
};

/// The content of a skippable frame that may hold a dictionary; nothing for other frames and for
/// one that is cut off or too large.
std::optional<std::span<const std::byte>> dictionary_frame(std::span<const std::byte> member) {
  io::ByteReader reader(member, "zstd");
  if (reader.remaining() < 8 || reader.read<uint32_t>() != kDictionaryFrame) return std::nullopt;
  const auto size = reader.read<uint32_t>();
  if (size > kMaxDictionaryBytes || size > reader.remaining()) return std::nullopt;
  return reader.take(size);
}

/// The one frame that `content` is, unpacked; "" for anything else. A dictionary frame within would
/// be read in the same way, and one within that.
std::string unpack_frame(std::span<const std::byte> content) {
  if (ZSTD_findFrameCompressedSize(content.data(), content.size()) != content.size()) return {};
  try {
    return unpack(content, Compression::kZstd, kMaxDictionaryBytes, "zstd dictionary");
  } catch (const Error&) {
    return {};
  }
}

/// The dictionary of such a frame, or "" where it holds something else or damage.
std::string read_dictionary(std::span<const std::byte> content) {
  io::ByteReader reader(content, "zstd dictionary");
  const bool packed = reader.remaining() >= 4 && reader.read<uint32_t>() == kFrameMagic;
  std::string dictionary =
      packed ? unpack_frame(content)
             : std::string(reinterpret_cast<const char*>(content.data()), content.size());
  return dictionary.starts_with(kDictionaryMagic) ? dictionary : std::string();
}

class ZstdDecompressor : public Decompressor {
 public:
  ZstdDecompressor() : context_(ZSTD_createDCtx()) {
    require(context_ != nullptr, "decompressor", "expected memory for zstd, got none");
    ZSTD_DCtx_setParameter(context_.get(), ZSTD_d_windowLogMax, kMaxWindowLog);
  }

  void restart(std::span<const std::byte> member) override {
    ZSTD_DCtx_reset(context_.get(), ZSTD_reset_session_only);
    if (const auto content = dictionary_frame(member)) {
      learn(*content);
    } else if (!dictionaries_.empty()) {
      const auto named = dictionaries_.find(ZSTD_getDictID_fromFrame(member.data(), member.size()));
      const auto& chosen = named == dictionaries_.end() ? last_ : named;
      ZSTD_DCtx_refDDict(context_.get(), chosen->second.get());
    }
  }

  Step step(std::span<const std::byte> input, std::span<std::byte> output) override {
    ZSTD_inBuffer in{input.data(), input.size(), 0};
    ZSTD_outBuffer out{output.data(), output.size(), 0};
    const size_t code = ZSTD_decompressStream(context_.get(), &out, &in);
    Step step{in.pos, out.pos, code == 0, {}};
    if (ZSTD_isError(code)) step.damage = ZSTD_getErrorName(code);
    return step;
  }

 private:
  using Dictionaries = std::map<unsigned, std::unique_ptr<ZSTD_DDict, FreeDictionary>>;

  /// Keeps the dictionary of a frame. Without one that is damaged, frames that need it are damage.
  void learn(std::span<const std::byte> content) {
    if (num_read_++ >= kMaxDictionaries) return;
    const std::string bytes = read_dictionary(content);
    std::unique_ptr<ZSTD_DDict, FreeDictionary> made(
        bytes.empty() ? nullptr : ZSTD_createDDict(bytes.data(), bytes.size()));
    if (made == nullptr) return;
    const unsigned number = ZSTD_getDictID_fromDDict(made.get());
    ZSTD_DCtx_refDDict(context_.get(), nullptr);  // what it referred to may go
    last_ = dictionaries_.insert_or_assign(number, std::move(made)).first;
  }

  int num_read_ = 0;
  Dictionaries dictionaries_;  ///< by number; the context refers to one
  Dictionaries::iterator last_ = dictionaries_.end();
  std::unique_ptr<ZSTD_DCtx, FreeContext> context_;
};

}  // namespace

std::unique_ptr<Decompressor> make_zstd_decompressor() {
  return std::make_unique<ZstdDecompressor>();
}

}  // namespace flamingo::crawl
