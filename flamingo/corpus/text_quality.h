#pragma once

#include <array>
#include <cstdint>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

namespace flamingo::corpus {

/// The quality rules that MassiveWeb applies to a page's text. Rae et al. 2021 (Gopher, arXiv
/// 2112.11446), appendix A.1.1; M3W applies "similar" ones (Alayrac et al. 2022, appendix A.3.1).
enum class QualityRule {
  kNone,
  kFewWords,
  kManyWords,
  kMeanWordLength,
  kHashRatio,
  kEllipsisRatio,
  kBulletLines,
  kEllipsisLines,
  kWordsWithLetter,
  kStopWords,
};

constexpr std::array<std::pair<QualityRule, const char*>, 10> enum_table(QualityRule) {
  return {{{QualityRule::kNone, "none"},
           {QualityRule::kFewWords, "few_words"},
           {QualityRule::kManyWords, "many_words"},
           {QualityRule::kMeanWordLength, "mean_word_length"},
           {QualityRule::kHashRatio, "hash_ratio"},
           {QualityRule::kEllipsisRatio, "ellipsis_ratio"},
           {QualityRule::kBulletLines, "bullet_lines"},
           {QualityRule::kEllipsisLines, "ellipsis_lines"},
           {QualityRule::kWordsWithLetter, "words_with_letter"},
           {QualityRule::kStopWords, "stop_words"}}};
}

/// What a page's text must keep to.
struct QualityConfig {
  int64_t min_words = 50;
  int64_t max_words = 100'000;
  double min_mean_word_length = 3;
  double max_mean_word_length = 10;
  double max_hash_ratio = 0.1;
  double max_ellipsis_ratio = 0.1;
  double max_bullet_lines = 0.9;
  double max_ellipsis_lines = 0.3;
  double min_words_with_letter = 0.8;
  int64_t min_stop_words = 2;
  std::vector<std::string> stop_words = {"the", "be", "to", "of", "and", "that", "have", "with"};

  template <class Visitor>
  void visit(Visitor& v) {
    v("min_words", min_words, "fewest words of a page");
    v("max_words", max_words, "most words of a page");
    v("min_mean_word_length", min_mean_word_length, "least characters of a word on average");
    v("max_mean_word_length", max_mean_word_length, "most characters of a word on average");
    v("max_hash_ratio", max_hash_ratio, "most '#' for each word");
    v("max_ellipsis_ratio", max_ellipsis_ratio, "most ellipses for each word");
    v("max_bullet_lines", max_bullet_lines, "largest share of lines that start with a bullet");
    v("max_ellipsis_lines", max_ellipsis_lines, "largest share of lines that end in an ellipsis");
    v("min_words_with_letter", min_words_with_letter, "least share of words with a letter");
    v("min_stop_words", min_stop_words, "how many different stop words a page must use");
    v("stop_words", stop_words, "lower-case ASCII words of which real text uses some, at most 64");
  }
};

/// What the rules measure. A word is a run of characters between white space, its length is in
/// code points; a line is one that is not blank; an ellipsis is U+2026 or three dots or more.
struct QualityMeasures {
  int64_t words = 0;
  double mean_word_length = 0;
  double hash_ratio = 0;
  double ellipsis_ratio = 0;
  double bullet_lines = 0;
  double ellipsis_lines = 0;
  double words_with_letter = 0;
  int64_t stop_words = 0;  ///< different ones

  template <class Visitor>
  void visit(Visitor& v) {
    v("words", words, "words");
    v("mean_word_length", mean_word_length, "characters of a word on average");
    v("hash_ratio", hash_ratio, "'#' for each word");
    v("ellipsis_ratio", ellipsis_ratio, "ellipses for each word");
    v("bullet_lines", bullet_lines, "share of lines that start with a bullet");
    v("ellipsis_lines", ellipsis_lines, "share of lines that end in an ellipsis");
    v("words_with_letter", words_with_letter, "share of words with a letter");
    v("stop_words", stop_words, "different stop words");
  }
};

/// Which rule a text breaks first, in the order of QualityRule, and all that was measured.
struct QualityVerdict {
  QualityRule rule = QualityRule::kNone;
  double value = 0;  ///< what `rule` measured
  QualityMeasures measures;

  bool passed() const { return rule == QualityRule::kNone; }
};

/// Judges UTF-8 text; ill-formed bytes count as some characters. Linear time, no memory.
/// Throws Error for more than 64 stop words.
QualityVerdict judge_quality(std::string_view text, const QualityConfig& config = {});

}  // namespace flamingo::corpus
