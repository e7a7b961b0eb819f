#pragma once

#include <array>
#include <cstdint>
#include <string_view>
#include <utility>

namespace flamingo::corpus {

/// The repetition rules of MassiveWeb: Rae et al. 2021 (Gopher, arXiv 2112.11446), appendix A.1.1
/// and table A1. Each is a share, between 0 and 1, that must not exceed its limit.
enum class RepetitionRule {
  kDuplicateLines,
  kDuplicateParagraphs,
  kDuplicateLineCharacters,
  kDuplicateParagraphCharacters,
  kTop2Gram,
  kTop3Gram,
  kTop4Gram,
  kDuplicate5Gram,
  kDuplicate6Gram,
  kDuplicate7Gram,
  kDuplicate8Gram,
  kDuplicate9Gram,
  kDuplicate10Gram,
  kNone,
};

/// Enumerators of RepetitionRule besides kNone.
inline constexpr size_t kRepetitionRules = 13;

constexpr std::array<std::pair<RepetitionRule, const char*>, kRepetitionRules + 1> enum_table(
    RepetitionRule) {
  return {{{RepetitionRule::kDuplicateLines, "duplicate_lines"},
           {RepetitionRule::kDuplicateParagraphs, "duplicate_paragraphs"},
           {RepetitionRule::kDuplicateLineCharacters, "duplicate_line_characters"},
           {RepetitionRule::kDuplicateParagraphCharacters, "duplicate_paragraph_characters"},
           {RepetitionRule::kTop2Gram, "top_2_gram"},
           {RepetitionRule::kTop3Gram, "top_3_gram"},
           {RepetitionRule::kTop4Gram, "top_4_gram"},
           {RepetitionRule::kDuplicate5Gram, "duplicate_5_gram"},
           {RepetitionRule::kDuplicate6Gram, "duplicate_6_gram"},
           {RepetitionRule::kDuplicate7Gram, "duplicate_7_gram"},
           {RepetitionRule::kDuplicate8Gram, "duplicate_8_gram"},
           {RepetitionRule::kDuplicate9Gram, "duplicate_9_gram"},
           {RepetitionRule::kDuplicate10Gram, "duplicate_10_gram"},
           {RepetitionRule::kNone, "none"}}};
}

/// One share for each rule, in the order of RepetitionRule.
using RepetitionShares = std::array<double, kRepetitionRules>;

/// Largest allowed shares (table A1) and how much of a text is looked at.
struct RepetitionConfig {
  RepetitionShares limits = {0.30, 0.30, 0.20, 0.20, 0.20, 0.18, 0.16,
                             0.15, 0.14, 0.13, 0.12, 0.11, 0.10};
  int64_t max_words = 100'000;

  double& limit(RepetitionRule rule) { return limits[static_cast<size_t>(rule)]; }

  template <class Visitor>
  void visit(Visitor& v) {
    for (const auto& [rule, name] : enum_table(RepetitionRule::kNone)) {
      if (rule != RepetitionRule::kNone) v(name, limit(rule), "largest share of a page's text");
    }
    v("max_words", max_words, "words that are looked at; what follows them is not");
  }
};

/// Which rule a text breaks first, in the order of RepetitionRule, and all shares.
struct RepetitionVerdict {
  RepetitionRule rule = RepetitionRule::kNone;
  double value = 0;  ///< the share that broke `rule`
  RepetitionShares shares = {};

  bool passed() const { return rule == RepetitionRule::kNone; }
  double share(RepetitionRule which) const { return shares[static_cast<size_t>(which)]; }
};

/// Judges UTF-8 text; ill-formed bytes count as some characters.
///
/// Words are between white space and must be equal letter by letter; lines and paragraphs
/// (between blank lines) are equal when their words are. The paper leaves open what exactly is
/// counted; here it is what a reader has met before, as in the filters that are in wide use:
/// duplicate lines and paragraphs are the second and later ones; duplicate n-grams cover the words
/// of second and later occurrences, each word once; the top n-gram (of at least two occurrences,
/// the one with most characters among the most frequent) covers the words of all its occurrences.
/// Characters are code points other than white space.
///
/// Time is linear in the text; memory is at most 150 bytes for each of max_words words.
RepetitionVerdict judge_repetition(std::string_view text, const RepetitionConfig& config = {});

}  // namespace flamingo::corpus
