#include "flamingo/crawl/unpack.h"

#include <algorithm>

#include "flamingo/core/error.h"

namespace flamingo::crawl {
namespace {

constexpr size_t kFirstBytes = 64 << 10;

}  // namespace

std::string unpack(std::span<const std::byte> bytes, Compression compression, uint64_t max_bytes,
                   const std::string& where) {
  const auto decompressor = make_decompressor(compression);
  std::string out;
  size_t filled = 0;
  bool ended = true;
  while (!bytes.empty() || !ended) {
    if (filled == out.size()) {  // one byte more than allowed tells too much from just enough
      out.resize(std::min<uint64_t>(max_bytes + 1, std::max(kFirstBytes, 2 * out.size())));
    }
    if (ended) decompressor->restart(bytes);
    const auto step = decompressor->step(
        bytes, std::as_writable_bytes(std::span(out.data() + filled, out.size() - filled)));
    require(step.damage.empty(), where, "expected compressed bytes, got damage: {}", step.damage);
    require(step.consumed + step.produced > 0 || step.ended, where,
            "expected a whole compressed member, got its beginning", Hint{"the file is cut off"});
    bytes = bytes.subspan(step.consumed);
    filled += step.produced;
    ended = step.ended;
    require(filled <= max_bytes, where, "expected at most {} bytes unpacked, got more", max_bytes);
  }
  out.resize(filled);
  return out;
}

}  // namespace flamingo::crawl
