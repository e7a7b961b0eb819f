#include "flamingo/corpus/repetition.h"

#include <algorithm>
#include <numeric>
#include <utility>
#include <vector>

#include "flamingo/corpus/key_table.h"
#include "flamingo/corpus/words.h"

namespace flamingo::corpus {
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

/// The n-grams of a text, for one n after another. An n-gram can stand twice only where the
/// (n-1)-gram at its start does, so that few places are left to look at after the pairs.
class Grams {
 public:
  /// Starts with the single words, all of which may repeat.
  explicit Grams(const Words& words) : words_(words), places_(words.count()) {
    std::iota(places_.begin(), places_.end(), 0u);
  }

  /// Goes on to the next n, first to 2, and counts its n-grams.
  void advance() {
    if (n_ > 1) std::erase_if(places_, [&](uint32_t i) { return count_at(i) < 2; });
    ++n_;
    power_ *= kWordBase;
    while (!places_.empty() && places_.back() + n_ > words_.count()) places_.pop_back();
    counts_ = {};
    counts_.reserve(places_.size());
    duplicates_.clear();
    for (const uint32_t i : places_) {
      if (++counts_.insert(gram(i)).first->count > 1) duplicates_.push_back(i);
    }
  }

  /// Characters in second and later occurrences of n-grams.
  uint64_t duplicate_characters() const { return characters_at(duplicates_); }

  /// Characters in all occurrences of the most frequent n-gram.
  uint64_t top_characters() const {
    uint64_t top = 0;
    std::pair<uint32_t, uint32_t> most = {1, ~0u};  // occurrences, characters
    for (const uint32_t i : duplicates_) {
      const std::pair found = {count_at(i), words_.characters_in(i, i + n_)};
      if (found > most) {
        most = found;
        top = gram(i);
      }
    }
    if (top == 0) return 0;
    std::vector<uint32_t> occurrences = places_;
    std::erase_if(occurrences, [&](uint32_t i) { return gram(i) != top; });
    return characters_at(occurrences);
  }

 private:
  uint64_t gram(uint32_t i) const { return words_.hashes[i + n_] - words_.hashes[i] * power_; }
  uint32_t count_at(uint32_t i) const { return counts_.find(gram(i))->count; }

  /// Characters of the n words from each of ascending places on, each word once.
  uint64_t characters_at(const std::vector<uint32_t>& places) const {
    uint64_t sum = 0;
    size_t end = 0;  // of the words counted
    for (const uint32_t i : places) {
      sum += words_.characters_in(std::max<size_t>(i, end), i + n_);
      end = i + n_;
    }
    return sum;
  }

  const Words& words_;
  size_t n_ = 1;
  uint64_t power_ = kWordBase;        ///< kWordBase^n
  std::vector<uint32_t> places_;      ///< first words of the n-grams that may repeat
  std::vector<uint32_t> duplicates_;  ///< those of second and later occurrences
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
  for (size_t n = 2; n <= 10; ++n) {
    grams.advance();
    const uint64_t characters = n <= 4 ? grams.top_characters() : grams.duplicate_characters();
    verdict.shares[n + 2] = static_cast<double>(characters) / all;
  }
  for (size_t i = 0; i < kRepetitionRules && verdict.passed(); ++i) {
    if (verdict.shares[i] <= config.limits[i]) continue;
    verdict.rule = static_cast<RepetitionRule>(i);
    verdict.value = verdict.shares[i];
  }
  return verdict;
}

}  // namespace flamingo::corpus
