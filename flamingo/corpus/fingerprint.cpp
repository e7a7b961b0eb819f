#include "flamingo/corpus/fingerprint.h"

#include <cstring>
#include <limits>
#include <span>
#include <string>

#include "flamingo/core/checked.h"
#include "flamingo/core/rng.h"
#include "flamingo/corpus/words.h"

namespace flamingo::corpus {
namespace {

constexpr uint64_t kMaskSeed = 0x6d696e68617368ull;  // part of the format of stored keys

constexpr size_t kLanes = 4;
using Lanes __attribute__((vector_size(4 * kLanes))) = int32_t;
using UnsignedLanes __attribute__((vector_size(4 * kLanes))) = uint32_t;

Lanes load(const int32_t* from) {
  Lanes lanes;
  std::memcpy(&lanes, from, sizeof(lanes));
  return lanes;
}

void lower_to(int32_t* minima, Lanes values) {
  const Lanes old = load(minima);
  const Lanes less = values < old;
  const Lanes least = (values & less) | (old & ~less);
  std::memcpy(minima, &least, sizeof(least));
}

/// Lowers the minima of all hash functions by one shingle. Function i of a shingle with the hash
/// halves (a, b) is (a + i b) ^ mask[i]: pairwise independent, and the masks part the functions
/// whose sums are small together.
void absorb(uint64_t shingle, std::span<const int32_t> masks, int32_t* minima) {
  const auto step = static_cast<uint32_t>(shingle >> 32) | 1;
  UnsignedLanes sums = UnsignedLanes{0, 1, 2, 3} * step + static_cast<uint32_t>(shingle);
  const UnsignedLanes steps = UnsignedLanes{} + uint32_t{kLanes} * step;
  for (size_t i = 0; i < masks.size(); i += kLanes) {
    lower_to(minima + i, Lanes(sums) ^ load(masks.data() + i));
    sums += steps;
  }
}

/// Calls take(hash) for each run of `size` words.
template <class Take>
void for_each_shingle(std::string_view folded, size_t size, Take take) {
  uint64_t power = 1;
  for (size_t i = 0; i < size; ++i) power *= kWordBase;
  std::vector<uint64_t> last(size, 0);  // a ring of word hashes
  uint64_t window = 0;
  size_t count = 0;
  for (std::string_view word; next_folded_word(folded, word); ++count) {
    uint64_t& slot = last[count % size];
    const uint64_t hash = hash_bytes(word);
    window = append_word(window, hash) - slot * power;
    slot = hash;
    if (count + 1 >= size) take(scramble(window));
  }
  if (count > 0 && count < size) take(scramble(window));
}

}  // namespace

void TextHasher::add(std::string_view folded) {
  if (folded.empty()) return;
  if (any_) sha_.update(std::as_bytes(std::span(" ", 1)));
  sha_.update(std::as_bytes(std::span(folded)));
  any_ = true;
}

TextHash TextHasher::hash() const {
  TextHash hash;
  if (!any_) return hash;
  const io::Sha256::Digest digest = sha_.digest();
  std::memcpy(&hash.low, digest.data(), 8);
  std::memcpy(&hash.high, digest.data() + 8, 8);
  return hash;
}

TextHash text_hash(std::string_view text) {
  TextHasher hasher;
  hasher.add(fold_text(text));
  return hasher.hash();
}

ParagraphHasher::ParagraphHasher(const FingerprintConfig& config) : config_(config) {
  require_within("fingerprint", "shingle_words", config.shingle_words, 1, 32);
  require_within("fingerprint", "bands", config.bands, 1, 64);
  require_within("fingerprint", "rows", config.rows, 1, 32);
  require_within("fingerprint", "min_words", config.min_words, 1, int64_t{1} << 31);
  const auto functions = static_cast<size_t>(config.bands * config.rows);
  masks_.resize((functions + kLanes - 1) / kLanes * kLanes);
  Rng rng(kMaskSeed);
  for (int32_t& mask : masks_) mask = static_cast<int32_t>(rng.next());
}

std::vector<uint64_t> ParagraphHasher::keys(std::string_view folded) const {
  std::vector<int32_t> minima(masks_.size(), std::numeric_limits<int32_t>::max());
  for_each_shingle(folded, static_cast<size_t>(config_.shingle_words),
                   [&](uint64_t shingle) { absorb(shingle, masks_, minima.data()); });
  std::vector<uint64_t> keys(static_cast<size_t>(config_.bands));
  const auto rows = static_cast<size_t>(config_.rows);
  for (size_t band = 0; band < keys.size(); ++band) {
    uint64_t key = band + 1;
    for (size_t row = 0; row < rows; ++row) {
      key = scramble(append_word(key, static_cast<uint32_t>(minima[band * rows + row])));
    }
    keys[band] = key;
  }
  return keys;
}

}  // namespace flamingo::corpus
