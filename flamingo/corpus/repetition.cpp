#include "flamingo/corpus/repetition.h"

#include <algorithm>
#include <vector>

#include "flamingo/corpus/key_table.h"
#include "flamingo/corpus/words.h"

namespace flamingo {
namespace {

/// Lines or paragraphs: how many there are, and how many were there before.
class Repeats {
 public:
  void add_word(uint64_t hash, uint32_t characters) {
    key_ = append_word(key_, hash);
    characters_ += characters;
  }

  /// Ends the line or paragraph; one without words is none.
  void end() {
    if (characters_ > 0) {
      const bool is_new = seen_.insert(key_).second;
      ++count_;
      duplicates_ += !is_new;
      if (!is_new) duplicate_characters_ += characters_;
    }
    key_ = characters_ = 0;
  }

  double share() const { return static_cast<double>(duplicates_) / std::max(count_, 1.0); }
  double characters() const { return static_cast<double>(duplicate_characters_); }

 private:
  KeySet seen_;
  uint64_t key_ = 0;  ///< of the words since the last end()
  uint64_t characters_ = 0;
  double count_ = 0;
  uint64_t duplicates_ = 0;
  uint64_t duplicate_characters_ = 0;
};

/// The words of a text, by prefix sums: n-grams are differences.
struct Words {
  std::vector<uint64_t> hashes = {0};      ///< hashes[i]: of the first i words
  std::vector<uint32_t> characters = {0};  ///< characters[i]: of the first i words
  Repeats lines;
  Repeats paragraphs;

  size_t count() const { return hashes.size() - 1; }
  uint32_t characters_in(size_t begin, size_t end) const {
    return characters[end] - characters[begin];
  }
};

Words scan(std::string_view text, size_t max_words) {
  Words words;
  Word word;
  while (!text.empty() && words.count() < max_words) {
    std::string_view line = next_line(text);
    const size_t before = words.count();
    while (words.count() < max_words && next_word(line, word)) {
      const uint64_t hash = hash_bytes(word.text);
      words.hashes.push_back(append_word(words.hashes.back(), hash));
      words.characters.push_back(words.characters.back() + word.characters);
      words.lines.add_word(hash, word.characters);
      words.paragraphs.add_word(hash, word.characters);
    }
    words.lines.end();
    if (words.count() == before) words.paragraphs.end();
  }
  words.paragraphs.end();
  return words;
}

/// The n-grams of a text and a table to count them with.
class Grams {
 public:
  explicit Grams(const Words& words) : words_(words) {
    seen_.reserve(words.count());
    counts_.reserve(words.count());
  }

  /// Characters in second and later occurrences of n-grams.
  uint64_t duplicate_characters(size_t n) {
    seen_.clear();
    const uint64_t power = power_of(n);
    uint64_t sum = 0;
    size_t covered = 0;  // end of the last counted word
    for (size_t i = 0; i + n <= words_.count(); ++i) {
      if (!seen_.insert(gram(i, n, power)).second) cover(i, n, covered, sum);
    }
    return sum;
  }

  /// Characters in all occurrences of the most frequent n-gram.
  uint64_t top_characters(size_t n) {
    const uint64_t power = power_of(n);
    const uint64_t top = most_frequent(n, power);
    uint64_t sum = 0;
    size_t covered = 0;
    for (size_t i = 0; top != 0 && i + n <= words_.count(); ++i) {
      if (gram(i, n, power) == top) cover(i, n, covered, sum);
    }
    return sum;
  }

 private:
  static uint64_t power_of(size_t n) {
    uint64_t power = 1;
    for (size_t i = 0; i < n; ++i) power *= kWordBase;
    return power;
  }

  uint64_t gram(size_t i, size_t n, uint64_t power) const {
    return words_.hashes[i + n] - words_.hashes[i] * power;
  }

  /// Adds the words [i, i + n) that lie behind `covered`.
  void cover(size_t i, size_t n, size_t& covered, uint64_t& sum) const {
    sum += words_.characters_in(std::max(i, covered), i + n);
    covered = i + n;
  }

  /// 0: none occurs twice.
  uint64_t most_frequent(size_t n, uint64_t power) {
    counts_.clear();
    uint64_t top = 0;
    std::pair<uint32_t, uint32_t> most = {1, ~0u};  // occurrences, characters
    for (size_t i = 0; i + n <= words_.count(); ++i) {
      const uint64_t key = gram(i, n, power);
      const uint32_t count = ++counts_.insert(key).first->count;
      if (count < most.first) continue;
      const std::pair candidate = {count, words_.characters_in(i, i + n)};
      if (candidate > most) {
        most = candidate;
        top = key;
      }
    }
    return top;
  }

  const Words& words_;
  KeySet seen_;
  KeyCounter counts_;
};

}  // namespace

RepetitionVerdict judge_repetition(std::string_view text, const RepetitionConfig& config) {
  const Words words = scan(text, static_cast<size_t>(std::max<int64_t>(config.max_words, 0)));
  const double all = std::max<double>(words.characters.back(), 1);
  Grams grams(words);
  RepetitionVerdict verdict;
  verdict.shares[0] = words.lines.share();
  verdict.shares[1] = words.paragraphs.share();
  verdict.shares[2] = words.lines.characters() / all;
  verdict.shares[3] = words.paragraphs.characters() / all;
  for (size_t n = 2; n <= 4; ++n) {
    verdict.shares[n + 2] = static_cast<double>(grams.top_characters(n)) / all;
  }
  for (size_t n = 5; n <= 10; ++n) {
    verdict.shares[n + 2] = static_cast<double>(grams.duplicate_characters(n)) / all;
  }
  for (size_t i = 0; i < kRepetitionRules && verdict.passed(); ++i) {
    if (verdict.shares[i] <= config.limits[i]) continue;
    verdict.rule = static_cast<RepetitionRule>(i);
    verdict.value = verdict.shares[i];
  }
  return verdict;
}

}  // namespace flamingo
