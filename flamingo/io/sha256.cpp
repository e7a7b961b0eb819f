#include "flamingo/io/sha256.h"

#include <algorithm>
#include <cstring>

#include "flamingo/io/sha256_blocks.h"

namespace flamingo::io {

void Sha256::add_blocks(const std::byte* blocks, size_t count) {
  static const bool fast = has_sha_instructions();
  (fast ? sha256_blocks_fast : sha256_blocks_plain)(blocks, count, state_);
}

void Sha256::update(std::span<const std::byte> bytes) {
  const size_t filled = length_ % kSha256Block;
  length_ += bytes.size();
  if (filled > 0) {
    const size_t count = std::min(kSha256Block - filled, bytes.size());
    std::copy_n(bytes.begin(), count, pending_.begin() + filled);
    bytes = bytes.subspan(count);
    if (filled + count < kSha256Block) return;
    add_blocks(pending_.data(), 1);
  }
  const size_t whole = bytes.size() / kSha256Block;
  add_blocks(bytes.data(), whole);
  bytes = bytes.subspan(whole * kSha256Block);
  std::copy(bytes.begin(), bytes.end(), pending_.begin());
}

Sha256::Digest Sha256::digest() const {
  Sha256 last = *this;
  const uint64_t bits = __builtin_bswap64(length_ * 8);
  std::array<std::byte, 2 * kSha256Block> tail = {std::byte{0x80}};
  const size_t filled = length_ % kSha256Block;
  const size_t padded =
      filled < kSha256Block - 8 ? kSha256Block - filled : 2 * kSha256Block - filled;
  std::memcpy(tail.data() + padded - 8, &bits, 8);
  last.update(std::span(tail).first(padded));
  Digest digest;
  for (size_t i = 0; i < 8; ++i) {
    const uint32_t word = __builtin_bswap32(last.state_[i]);
    std::memcpy(digest.data() + 4 * i, &word, 4);
  }
  return digest;
}

std::string Sha256::hex() const {
  std::string text;
  for (const uint8_t byte : digest()) {
    text += "0123456789abcdef"[byte >> 4];
    text += "0123456789abcdef"[byte & 15];
  }
  return text;
}

std::string sha256_hex(std::span<const std::byte> bytes) {
  Sha256 hash;
  hash.update(bytes);
  return hash.hex();
}

std::string sha256_hex(std::string_view bytes) {
  return sha256_hex(std::as_bytes(std::span(bytes.data(), bytes.size())));
}

}  // namespace flamingo::io
