#include "flamingo/corpus/fingerprint.h"

#include <gtest/gtest.h>

#include <algorithm>
#include <cmath>
#include <set>

#include "flamingo/core/error.h"
#include "flamingo/corpus/words.h"
#include "tests/corpus/text_testing.h"

namespace flamingo::corpus {
namespace {

using testing::join;
using testing::kEnglish;
using testing::made_word;
using testing::random_words;

using Strings = std::vector<std::string>;

bool alike(const std::vector<uint64_t>& a, const std::vector<uint64_t>& b) {
  for (size_t i = 0; i < a.size(); ++i) {
    if (a[i] == b[i]) return true;
  }
  return false;
}

std::set<std::string> shingles_of(const Strings& words) {
  std::set<std::string> found;
  for (size_t i = 0; i + 5 <= words.size(); ++i) {
    found.insert(join({words.begin() + i, words.begin() + i + 5}));
  }
  return found;
}

double jaccard(const Strings& a, const Strings& b) {
  const std::set<std::string> x = shingles_of(a), y = shingles_of(b);
  const auto common =
      std::count_if(x.begin(), x.end(), [&](const auto& s) { return y.contains(s); });
  return static_cast<double>(common) / static_cast<double>(x.size() + y.size() - common);
}

/// A copy in which `edits` words are replaced, inserted or left out.
Strings edit(Strings words, size_t edits, Rng& rng) {
  for (size_t i = 0; i < edits; ++i) {
    const auto at = words.begin() + static_cast<int64_t>(rng.below(words.size()));
    const uint64_t kind = rng.below(3);
    if (kind == 0) *at = made_word(rng.below(5'000));
    if (kind == 1) words.insert(at, made_word(rng.below(5'000)));
    if (kind == 2) words.erase(at);
  }
  return words;
}

TEST(Fingerprint, TextHashIgnoresTheLook) {
  const TextHash hash = text_hash("It is a dog, isn't it?");
  EXPECT_EQ(hash, text_hash("it IS a dog\n\n  isn't it"));
  EXPECT_NE(hash, text_hash("it is a dog isn't it not"));
  EXPECT_FALSE(hash.empty());
  EXPECT_TRUE(text_hash("").empty());
  EXPECT_TRUE(text_hash(" \n... !").empty());
}

// SHA-256("abc") starts with ba7816bf 8f01cfea 414140de 5dae2223: the hash is the same for ever.
TEST(Fingerprint, TextHashIsTheStartOfSha256) {
  EXPECT_EQ(text_hash("ABC!").low, 0xeacf018fbf1678baull);
  EXPECT_EQ(text_hash("ABC!").high, 0x2322ae5dde404141ull);
}

TEST(Fingerprint, TextHashOfPieces) {
  TextHasher pieces;
  for (const char* piece : {"", "it is", "", "a dog"}) pieces.add(piece);
  EXPECT_EQ(pieces.hash(), text_hash("It is\n\na dog"));
}

TEST(Fingerprint, KeysAreAsManyAsBandsAndDiffer) {
  const ParagraphHasher hasher({.bands = 5, .rows = 3});
  const std::vector<uint64_t> keys = hasher.keys(fold_text(kEnglish));
  EXPECT_EQ(std::set<uint64_t>(keys.begin(), keys.end()).size(), 5u);
  EXPECT_EQ(hasher.keys(fold_text(kEnglish)), keys);
}

TEST(Fingerprint, ShortParagraphsAreOneShingle) {
  const ParagraphHasher hasher({});
  EXPECT_EQ(hasher.keys("one two three"), hasher.keys("one two three"));
  EXPECT_FALSE(alike(hasher.keys("one two three"), hasher.keys("one two four")));
  EXPECT_FALSE(alike(hasher.keys("one two three"), hasher.keys("two three one")));
  EXPECT_EQ(hasher.keys("").size(), 8u);
}

TEST(Fingerprint, SettingsAreChecked) {
  EXPECT_THROW(ParagraphHasher({.bands = 0}), Error);
  EXPECT_THROW(ParagraphHasher({.bands = 65}), Error);
  EXPECT_THROW(ParagraphHasher({.rows = 33}), Error);
  EXPECT_THROW(ParagraphHasher({.shingle_words = 0}), Error);
}

// Single minimal hashes agree with the probability that theory gives: the Jaccard similarity. The
// bound is five standard deviations of that many coins.
TEST(Fingerprint, MinimalHashesFollowJaccard) {
  const ParagraphHasher hasher({.bands = 64, .rows = 1});
  Rng rng(1);
  double expected = 0, variance = 0;
  int64_t agreed = 0;
  for (int round = 0; round < 400; ++round) {
    const Strings words = random_words(60, 5'000, rng);
    const Strings other = edit(words, 1 + rng.below(8), rng);
    const double s = jaccard(words, other);
    const auto a = hasher.keys(join(words)), b = hasher.keys(join(other));
    for (size_t i = 0; i < 64; ++i) agreed += a[i] == b[i];
    expected += 64 * s;
    variance += 64 * s * (1 - s);
  }
  EXPECT_NEAR(static_cast<double>(agreed), expected, 5 * std::sqrt(variance));
}

// How often edited paragraphs are found, by their similarity, against the curve of the header.
TEST(Fingerprint, DetectionFollowsTheCurve) {
  const ParagraphHasher hasher({});
  constexpr int kBins = 10;
  double expected[kBins] = {}, variance[kBins] = {};
  int found[kBins] = {}, pairs[kBins] = {};
  Rng rng(2);
  for (int round = 0; round < 6'000; ++round) {
    const Strings words = random_words(40 + rng.below(60), 5'000, rng);
    const Strings other = edit(words, 1 + rng.below(10), rng);
    const double s = jaccard(words, other);
    const double p = 1 - std::pow(1 - std::pow(s, 8), 8);
    const int bin = std::min(static_cast<int>(s * kBins), kBins - 1);
    expected[bin] += p;
    variance[bin] += p * (1 - p);
    found[bin] += alike(hasher.keys(join(words)), hasher.keys(join(other)));
    ++pairs[bin];
  }
  for (int bin = 1; bin < kBins; ++bin) {
    EXPECT_GE(pairs[bin], 50) << bin;
    EXPECT_NEAR(found[bin], expected[bin], 5 * std::sqrt(variance[bin]) + 1) << "bin " << bin;
  }
}

// Recall on paragraphs of 100 words with one word changed, precision against ones of the same
// vocabulary and against ones that share a third of their text.
TEST(Fingerprint, RecallAndPrecision) {
  const ParagraphHasher hasher({});
  Rng rng(3);
  int found = 0, confused = 0, halves = 0;
  for (int round = 0; round < 1'000; ++round) {
    const Strings words = random_words(100, 500, rng);
    const auto keys = hasher.keys(join(words));
    found += alike(keys, hasher.keys(join(edit(words, 1, rng))));
    confused += alike(keys, hasher.keys(join(random_words(100, 500, rng))));
    Strings half = random_words(100, 500, rng);
    std::copy_n(words.begin(), 33, half.begin());
    halves += alike(keys, hasher.keys(join(half)));
  }
  EXPECT_GE(found, 970);  // s >= 91 / 101: P = 0.989
  EXPECT_EQ(confused, 0);
  EXPECT_LE(halves, 5);  // s = 29 / 163: P = 8e-6
}

}  // namespace
}  // namespace flamingo::corpus
