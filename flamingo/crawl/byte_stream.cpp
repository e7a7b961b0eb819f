#include "flamingo/crawl/byte_stream.h"

#include <algorithm>
#include <array>
#include <cstring>
#include <utility>
#include <vector>

#include "flamingo/core/ascii.h"
#include "flamingo/crawl/decompressor.h"
#include "flamingo/io/mapped_file.h"

namespace flamingo::crawl {
namespace {

constexpr uint64_t kRatioFloor = 1 << 20;  // small members may be as dense as they like
constexpr size_t kChunk = 64 << 10;

using Bytes = std::span<const std::byte>;

bool over_ratio(uint64_t output, uint64_t input, uint64_t max_ratio) {
  return output > kRatioFloor && input < output / std::max<uint64_t>(max_ratio, 1);
}

std::string ratio_text(const InflateLimits& limits) {
  return "expected at most " + std::to_string(limits.max_ratio) +
         " bytes per compressed byte, got more";
}

void require_output(uint64_t output, const InflateLimits& limits, std::string_view where) {
  if (output <= limits.max_output) return;
  throw OutputLimit(where, "expected at most " + std::to_string(limits.max_output) +
                               " bytes of output, got more");
}

class PlainStream : public ByteStream {
 public:
  PlainStream(Bytes bytes, std::string where, const InflateLimits& limits)
      : bytes_(bytes), where_(std::move(where)), limits_(limits) {}

  size_t read(std::span<std::byte> output) override {
    const size_t size = std::min(output.size(), bytes_.size() - position_);
    require_output(position_ + size, limits_, where_);
    if (size > 0) std::memcpy(output.data(), bytes_.data() + position_, size);
    position_ += size;
    return size;
  }

 private:
  Bytes bytes_;
  std::string where_;
  InflateLimits limits_;
  uint64_t position_ = 0;
};

/// Members of one format after each other.
class MemberStream : public ByteStream {
 public:
  MemberStream(Bytes bytes, Compression compression, std::string where, const InflateLimits& limits)
      : bytes_(bytes),
        compression_(compression),
        where_(std::move(where)),
        limits_(limits),
        decompressor_(make_decompressor(compression)) {}

  size_t read(std::span<std::byte> output) override;
  bool resync() override;
  uint64_t member() const override { return member_; }
  uint64_t skipped_bytes() const override { return skipped_bytes_; }

 private:
  bool begins_member(uint64_t position) const {
    return sniff_compression(bytes_.subspan(position)) == compression_;
  }
  bool begin_member();
  [[noreturn]] void report(const std::string& message) const;

  Bytes bytes_;
  Compression compression_;
  std::string where_;
  InflateLimits limits_;
  std::unique_ptr<Decompressor> decompressor_;
  uint64_t position_ = 0;
  uint64_t member_at_ = 0;
  uint64_t member_ = 0;
  uint64_t member_output_ = 0;
  uint64_t output_ = 0;
  uint64_t skipped_bytes_ = 0;
  uint64_t read_again_ = 0;  ///< bytes that resync went back
  bool in_member_ = false;
  std::string damage_;  ///< of the member; empty: none
};

void MemberStream::report(const std::string& message) const {
  throw StreamDamage(where_,
                     "expected a whole compressed member at byte " + std::to_string(member_at_) +
                         ", got damage at byte " + std::to_string(position_) + ": " + message,
                     member_at_, member_output_);
}

/// False at the end of the file, which zeros may fill up.
bool MemberStream::begin_member() {
  const Bytes rest = bytes_.subspan(position_);
  if (std::all_of(rest.begin(), rest.end(), [](std::byte b) { return b == std::byte{0}; }))
    return false;
  member_at_ = position_;
  member_output_ = 0;
  if (!begins_member(position_)) {
    damage_ = "no header of a member";
    return true;
  }
  ++member_;
  decompressor_->restart(bytes_.subspan(position_));
  in_member_ = true;
  return true;
}

size_t MemberStream::read(std::span<std::byte> output) {
  while (!output.empty()) {
    if (!damage_.empty()) report(damage_);
    if (!in_member_) {
      if (!begin_member()) return 0;
      continue;
    }
    const auto input = bytes_.subspan(position_, std::min(kChunk, bytes_.size() - position_));
    auto step = decompressor_->step(input, output);
    position_ += step.consumed;
    output_ += step.produced;
    require_output(output_, limits_, where_);
    member_output_ += step.produced;
    in_member_ = !step.ended;
    damage_ = std::move(step.damage);
    if (over_ratio(member_output_, position_ - member_at_, limits_.max_ratio))
      damage_ = ratio_text(limits_);
    if (step.produced > 0) return step.produced;
    if (!step.ended && input.empty() && damage_.empty()) damage_ = "the file ends";
  }
  return 0;
}

/// Searches from the byte after the damaged member's first one, as a member that was cut off takes
/// in the next before the damage shows. Going back costs at most the file once more in all: a file
/// made of false starts would take time quadratic in its size otherwise.
bool MemberStream::resync() {
  if (damage_.empty()) return in_member_ || position_ < bytes_.size();
  damage_.clear();
  in_member_ = false;
  uint64_t start = member_at_ + 1;
  read_again_ += std::max(position_, start) - start;
  if (read_again_ > bytes_.size()) start = std::max(position_, start);
  while (start < bytes_.size() && !begins_member(start)) ++start;
  position_ = start;
  skipped_bytes_ += start - member_at_;
  return start < bytes_.size();
}

/// A stream with the file it reads.
class FileStream : public ByteStream {
 public:
  FileStream(const std::string& path, const InflateLimits& limits)
      : file_(path), stream_(memory_stream(file_.bytes(), path, limits)) {}

  size_t read(std::span<std::byte> output) override { return stream_->read(output); }
  bool resync() override { return stream_->resync(); }
  uint64_t member() const override { return stream_->member(); }
  uint64_t skipped_bytes() const override { return stream_->skipped_bytes(); }

 private:
  io::MappedFile file_;
  std::unique_ptr<ByteStream> stream_;
};

/// RFC 1950 header: method 8, a window of at most 32 KiB and a check value.
bool begins_zlib(Bytes bytes) {
  if (bytes.size() < 2) return false;
  const auto method = static_cast<uint32_t>(bytes[0]);
  const auto flags = static_cast<uint32_t>(bytes[1]);
  return (method & 0x0F) == 8 && method >> 4 <= 7 && (method << 8 | flags) % 31 == 0;
}

/// The formats that a coding may stand for, likeliest first: for "deflate" servers send either
/// kind, and a stream without header may begin like one with it.
std::vector<Compression> compressions_of(std::string_view encoding, Bytes bytes,
                                         const std::string& where) {
  if (encoding == "gzip" || encoding == "x-gzip") return {Compression::kGzip};
  if (encoding == "zstd") return {Compression::kZstd};
  if (encoding == "br") return {Compression::kBrotli};
  require(encoding == "deflate", where,
          "expected content coding gzip, deflate, br, zstd or identity, got \"{}\"",
          std::string_view(encoding).substr(0, 40));
  if (begins_zlib(bytes)) return {Compression::kZlib, Compression::kRawDeflate};
  return {Compression::kRawDeflate};
}

/// What the bytes hold; `damage` says why they cannot be read, empty: they can.
Inflated inflate_as(Compression compression, Bytes bytes, const InflateLimits& limits,
                    const std::string& where, std::string& damage) {
  const auto decompressor = make_decompressor(compression);
  Inflated result;
  std::array<std::byte, kChunk> chunk;
  size_t consumed = 0;
  while (true) {
    const auto step = decompressor->step(bytes.subspan(consumed), chunk);
    consumed += step.consumed;
    require_output(result.bytes.size() + step.produced, limits, where);
    result.bytes.append(reinterpret_cast<const char*>(chunk.data()), step.produced);
    damage = step.damage;
    if (!damage.empty()) damage = "damage at byte " + std::to_string(consumed) + ": " + damage;
    if (over_ratio(result.bytes.size(), consumed, limits.max_ratio))
      throw OutputLimit(where, ratio_text(limits));
    result.complete = step.ended;
    const bool stuck = step.consumed == 0 && step.produced == 0;
    const Bytes rest = bytes.subspan(consumed);
    if (step.ended && sniff_compression(rest) == compression) {
      decompressor->restart(rest);
    } else if (step.ended || stuck || !damage.empty()) {
      return result;
    }
  }
}

}  // namespace

std::unique_ptr<ByteStream> memory_stream(Bytes bytes, std::string where,
                                          const InflateLimits& limits) {
  const auto compression = guess_compression(bytes);
  if (!compression) return std::make_unique<PlainStream>(bytes, std::move(where), limits);
  return std::make_unique<MemberStream>(bytes, *compression, std::move(where), limits);
}

std::unique_ptr<ByteStream> file_stream(const std::string& path, const InflateLimits& limits) {
  return std::make_unique<FileStream>(path, limits);
}

Inflated inflate_bytes(std::string_view encoding, Bytes bytes, const InflateLimits& limits,
                       const std::string& where) {
  const std::string name = ascii_lower(encoding);
  Inflated result;
  if (name == "identity") {
    require_output(bytes.size(), limits, where);
    result.bytes.assign(reinterpret_cast<const char*>(bytes.data()), bytes.size());
    return result;
  }
  std::string damage;
  for (const Compression compression : compressions_of(name, bytes, where)) {
    std::string why;
    result = inflate_as(compression, bytes, limits, where, why);
    if (why.empty()) return result;
    if (damage.empty()) damage = std::move(why);
  }
  fail(where, "expected {} data, got {}", name, damage);
}

}  // namespace flamingo::crawl
