#pragma once

#include <cstdint>
#include <optional>
#include <vector>

namespace flamingo::corpus {

/// Finds picture hashes within a Hamming distance by multi-index hashing (Norouzi, Punjani, Fleet
/// 2012). A hash is cut into four pieces of 16 bits, each with a table. Of two hashes at distance
/// d = 4 r + a, one of the first a + 1 pieces differs in at most r bits or one of the others in at
/// most r - 1, so that looking that near in each table finds all of them.
///
/// Memory: 8 bytes for each hash and four entries of 8 bytes in tables that grow by doubling, 40 to
/// 72 bytes, and 6 MB. Time of a lookup among n evenly spread hashes: n / 65536 entries in 4
/// buckets at distance 3, 20 at 4, 68 at 7.
class PictureIndex {
 public:
  /// Throws Error unless max_distance is in [0, 11].
  explicit PictureIndex(int64_t max_distance);

  /// The number of the nearest hash within the distance, the earliest of several; nothing if none.
  std::optional<uint32_t> find(uint64_t hash) const;
  /// Adds a hash and returns its number: 0, 1, ... Throws Error when numbers run out.
  uint32_t add(uint64_t hash);

  size_t size() const { return hashes_.size(); }

 private:
  struct Best;
  void look(size_t piece, uint16_t flip, Best& best) const;

  int max_distance_;
  /// For each number of bits, the patterns of the 16 bits with so many.
  std::vector<std::vector<uint16_t>> flips_;
  std::vector<uint64_t> hashes_;
  /// [piece * 2^16 + its bits]: the two pieces that follow and, in the low 32 bits, the number.
  std::vector<std::vector<uint64_t>> buckets_;
};

}  // namespace flamingo::corpus
