#include "flamingo/corpus/picture_index.h"

#include <bit>
#include <limits>

#include "flamingo/core/checked.h"
#include "flamingo/core/error.h"
#include "flamingo/corpus/picture_hash.h"

namespace flamingo::corpus {
namespace {

constexpr int kPieces = 4;
constexpr int kPieceBits = 16;

/// The pieces of a hash, turned so that `piece` is the lowest.
uint64_t turn(uint64_t hash, size_t piece) {
  return std::rotr(hash, static_cast<int>(piece) * kPieceBits);
}

size_t bucket_of(uint64_t turned, size_t piece, uint16_t flip) {
  return (piece << kPieceBits) | static_cast<uint16_t>(turned ^ flip);
}

/// The two pieces after the lowest one.
uint32_t following(uint64_t turned) { return static_cast<uint32_t>(turned >> kPieceBits); }

/// In how many bits a piece may differ; -1: it need not be looked at.
int radius_of(int piece, int distance) {
  return distance / kPieces - (piece <= distance % kPieces ? 0 : 1);
}

}  // namespace

/// The nearest hash so far.
struct PictureIndex::Best {
  uint64_t hash = 0;
  int distance = 0;
  uint32_t number = 0;
};

PictureIndex::PictureIndex(int64_t max_distance) : buckets_(size_t{kPieces} << kPieceBits) {
  require_within("picture_index", "max_distance", max_distance, 0, 11);
  max_distance_ = static_cast<int>(max_distance);
  flips_.resize(static_cast<size_t>(max_distance_ / kPieces + 1));
  for (uint32_t flip = 0; flip < 1u << kPieceBits; ++flip) {
    const auto bits = static_cast<size_t>(std::popcount(flip));
    if (bits < flips_.size()) flips_[bits].push_back(static_cast<uint16_t>(flip));
  }
}

void PictureIndex::look(size_t piece, uint16_t flip, Best& best) const {
  const uint64_t turned = turn(best.hash, piece);
  const uint32_t filter = following(turned);
  for (const uint64_t entry : buckets_[bucket_of(turned, piece, flip)]) {
    if (std::popcount(static_cast<uint32_t>(entry >> 32) ^ filter) > best.distance) continue;
    const auto number = static_cast<uint32_t>(entry);
    const int distance = hash_distance(hashes_[number], best.hash);
    if (distance < best.distance || (distance == best.distance && number < best.number)) {
      best.distance = distance;
      best.number = number;
    }
  }
}

std::optional<uint32_t> PictureIndex::find(uint64_t hash) const {
  constexpr uint32_t kNone = std::numeric_limits<uint32_t>::max();
  Best best{hash, max_distance_, kNone};
  for (int piece = 0; piece < kPieces; ++piece) {
    for (int bits = 0; bits <= radius_of(piece, max_distance_); ++bits) {
      for (const uint16_t flip : flips_[static_cast<size_t>(bits)]) {
        look(static_cast<size_t>(piece), flip, best);
      }
    }
  }
  return best.number == kNone ? std::nullopt : std::optional(best.number);
}

uint32_t PictureIndex::add(uint64_t hash) {
  require(hashes_.size() < std::numeric_limits<uint32_t>::max() - 1, "picture_index",
          "expected fewer than 2^32 - 1 pictures, got more");
  const auto number = static_cast<uint32_t>(hashes_.size());
  hashes_.push_back(hash);
  for (size_t piece = 0; piece < kPieces; ++piece) {
    const uint64_t turned = turn(hash, piece);
    buckets_[bucket_of(turned, piece, 0)].push_back(uint64_t{following(turned)} << 32 | number);
  }
  return number;
}

}  // namespace flamingo::corpus
