#pragma once

#include <cstdint>
#include <string_view>
#include <vector>

#include "flamingo/io/sha256.h"

namespace flamingo::corpus {

/// 128 bits that stand for a text; all zero for one without words.
struct TextHash {
  uint64_t low = 0;
  uint64_t high = 0;

  bool empty() const { return low == 0 && high == 0; }
  friend bool operator==(const TextHash&, const TextHash&) = default;
};

/// The first half of the SHA-256 of a text that was folded (fold_text), piece by piece; pieces are
/// joined by one space.
class TextHasher {
 public:
  /// Adds a folded piece; an empty one changes nothing.
  void add(std::string_view folded);
  TextHash hash() const;

 private:
  io::Sha256 sha_;
  bool any_ = false;
};

/// Hash of a text: equal for texts that differ in case, white space and punctuation alone.
TextHash text_hash(std::string_view text);

/// How near-duplicate paragraphs are found.
struct FingerprintConfig {
  int64_t shingle_words = 5;
  int64_t bands = 8;
  int64_t rows = 8;
  int64_t min_words = 8;

  friend bool operator==(const FingerprintConfig&, const FingerprintConfig&) = default;

  template <class Visitor>
  void visit(Visitor& v) {
    v("shingle_words", shingle_words, "words of a shingle, 1 to 32");
    v("bands", bands, "keys of a paragraph; one equal key makes two paragraphs alike, 1 to 64");
    v("rows", rows, "minimal hashes in a key, 1 to 32");
    v("min_words", min_words, "fewest words of a paragraph that is compared with others");
  }
};

/// MinHash with locality-sensitive hashing of a paragraph's set of word shingles (Broder 1997;
/// Leskovec, Rajaraman, Ullman: Mining of Massive Datasets, chapter 3).
///
/// For each of bands x rows hash functions the least hash of all shingles is taken; two paragraphs
/// agree in one with probability s, the Jaccard similarity of their shingle sets. `rows` of them
/// form a key, and paragraphs are alike when one of the `bands` keys is equal:
///
///   P(alike) = 1 - (1 - s^rows)^bands      8 x 8:   s    0.3    0.5   0.7   0.8   0.9   0.95
///                                                   P  0.0005  0.031  0.38  0.77  0.99  0.9999
///
/// One word changed in the middle of 50 changes 5 of 46 shingles: s = 41 / 51 = 0.80.
class ParagraphHasher {
 public:
  /// Throws Error for a setting out of its range.
  explicit ParagraphHasher(const FingerprintConfig& config);

  /// The keys of a folded paragraph, one for each band, different between bands; fewer words than
  /// a shingle has are one shingle. Time is linear in words x bands x rows.
  std::vector<uint64_t> keys(std::string_view folded) const;

  const FingerprintConfig& config() const { return config_; }

 private:
  FingerprintConfig config_;
  std::vector<int32_t> masks_;  ///< one for each hash function, and up to whole vectors
};

}  // namespace flamingo::corpus
