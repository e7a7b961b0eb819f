#include "flamingo/corpus/text_quality.h"

#include <algorithm>
#include <bit>

#include "flamingo/core/ascii.h"
#include "flamingo/core/error.h"
#include "flamingo/corpus/words.h"

namespace flamingo::corpus {
namespace {

constexpr char32_t kEllipsis = 0x2026;
constexpr char32_t kBullets[] = {'-',    '*',    0x2013, 0x2022, 0x2023, 0x2043, 0x204c,
                                 0x204d, 0x2219, 0x25a0, 0x25a1, 0x25aa, 0x25ab, 0x25b6,
                                 0x25ba, 0x25c0, 0x25c6, 0x25cb, 0x25cf, 0x25e6};

/// What is counted on the way through a text.
struct Counts {
  int64_t words = 0;
  int64_t characters = 0;
  int64_t hashes = 0;
  int64_t ellipses = 0;
  int64_t with_letter = 0;
  int64_t lines = 0;
  int64_t bullet_lines = 0;
  int64_t ellipsis_lines = 0;
  uint64_t stop_words = 0;  ///< bit i: the i-th was seen
};

/// '#' and ellipses of one word.
void count_symbols(std::string_view word, Counts& counts) {
  size_t dots = 0;
  for (size_t i = 0; i < word.size(); ++i) {
    dots = word[i] == '.' ? dots + 1 : 0;
    counts.ellipses += dots == 3;
    counts.hashes += word[i] == '#';
    counts.ellipses += word[i] == '\xe2' && word.substr(i, 3) == "\xe2\x80\xa6";
  }
}

/// The word without what is around its first and last ASCII letter: "(The" -> "The".
std::string_view strip_symbols(std::string_view word) {
  while (!word.empty() && !is_ascii_alpha(word.front())) word.remove_prefix(1);
  while (!word.empty() && !is_ascii_alpha(word.back())) word.remove_suffix(1);
  return word;
}

bool equals_ignoring_case(std::string_view word, std::string_view lower) {
  return std::equal(word.begin(), word.end(), lower.begin(), lower.end(),
                    [](char a, char b) { return static_cast<char>(a | 0x20) == b; });
}

void mark_stop_word(std::string_view word, const std::vector<std::string>& stop_words,
                    Counts& counts) {
  const std::string_view bare = strip_symbols(word);
  for (size_t i = 0; i < stop_words.size(); ++i) {
    if (equals_ignoring_case(bare, stop_words[i])) counts.stop_words |= uint64_t{1} << i;
  }
}

bool starts_with_bullet(std::string_view word) {
  const char32_t first = decode_any(word, 0).code;
  if (std::find(std::begin(kBullets), std::end(kBullets), first) == std::end(kBullets)) {
    return false;
  }
  return first >= 0x80 || word.size() == 1;  // "-5" and "*note" are words, "- five" is an item
}

bool ends_with_ellipsis(std::string_view word) {
  return word.ends_with("...") || word.ends_with("\xe2\x80\xa6");
}

void count_line(std::string_view line, const QualityConfig& config, Counts& counts) {
  Word word;
  std::string_view last;
  while (next_word(line, word)) {
    if (last.empty()) counts.bullet_lines += starts_with_bullet(word.text);
    last = word.text;
    ++counts.words;
    counts.characters += word.characters;
    counts.with_letter += word.has_letter;
    count_symbols(word.text, counts);
    if (word.has_letter) mark_stop_word(word.text, config.stop_words, counts);
  }
  if (last.empty()) return;
  ++counts.lines;
  counts.ellipsis_lines += ends_with_ellipsis(last);
}

QualityMeasures measures_of(const Counts& counts) {
  const double words = static_cast<double>(std::max<int64_t>(counts.words, 1));
  const double lines = static_cast<double>(std::max<int64_t>(counts.lines, 1));
  return {.words = counts.words,
          .mean_word_length = static_cast<double>(counts.characters) / words,
          .hash_ratio = static_cast<double>(counts.hashes) / words,
          .ellipsis_ratio = static_cast<double>(counts.ellipses) / words,
          .bullet_lines = static_cast<double>(counts.bullet_lines) / lines,
          .ellipsis_lines = static_cast<double>(counts.ellipsis_lines) / lines,
          .words_with_letter = static_cast<double>(counts.with_letter) / words,
          .stop_words = std::popcount(counts.stop_words)};
}

/// One rule on one measure.
struct Check {
  QualityRule rule;
  double value;
  bool broken;
};

std::array<Check, 9> checks_of(const QualityMeasures& m, const QualityConfig& c) {
  const auto words = static_cast<double>(m.words);
  const auto stop_words = static_cast<double>(m.stop_words);
  const bool odd_length =
      m.mean_word_length < c.min_mean_word_length || m.mean_word_length > c.max_mean_word_length;
  return {{
      {QualityRule::kFewWords, words, m.words < c.min_words},
      {QualityRule::kManyWords, words, m.words > c.max_words},
      {QualityRule::kMeanWordLength, m.mean_word_length, odd_length},
      {QualityRule::kHashRatio, m.hash_ratio, m.hash_ratio > c.max_hash_ratio},
      {QualityRule::kEllipsisRatio, m.ellipsis_ratio, m.ellipsis_ratio > c.max_ellipsis_ratio},
      {QualityRule::kBulletLines, m.bullet_lines, m.bullet_lines > c.max_bullet_lines},
      {QualityRule::kEllipsisLines, m.ellipsis_lines, m.ellipsis_lines > c.max_ellipsis_lines},
      {QualityRule::kWordsWithLetter, m.words_with_letter,
       m.words_with_letter < c.min_words_with_letter},
      {QualityRule::kStopWords, stop_words, m.stop_words < c.min_stop_words},
  }};
}

}  // namespace

QualityVerdict judge_quality(std::string_view text, const QualityConfig& config) {
  require(config.stop_words.size() <= 64, "stop_words", "expected at most 64 words, got {}",
          config.stop_words.size());
  Counts counts;
  while (!text.empty()) count_line(next_line(text), config, counts);
  QualityVerdict verdict;
  verdict.measures = measures_of(counts);
  for (const Check& check : checks_of(verdict.measures, config)) {
    if (!check.broken) continue;
    verdict.rule = check.rule;
    verdict.value = check.value;
    break;
  }
  return verdict;
}

}  // namespace flamingo::corpus
