#pragma once

#include <array>
#include <cstdint>
#include <string>
#include <string_view>
#include <utility>

namespace flamingo::corpus {

/// Why a page is not in the wanted language. M3W keeps English pages (Alayrac et al. 2022, A.3.1).
enum class LanguageRule { kNone, kLanguage, kShare, kUnreliable };

constexpr std::array<std::pair<LanguageRule, const char*>, 4> enum_table(LanguageRule) {
  return {{{LanguageRule::kNone, "none"},
           {LanguageRule::kLanguage, "language"},
           {LanguageRule::kShare, "language_share"},
           {LanguageRule::kUnreliable, "language_unreliable"}}};
}

/// Which language a page must be written in.
struct LanguageConfig {
  std::string language = "en";
  double min_share = 0.7;
  bool reliable = true;
  int64_t max_bytes = 256 << 10;

  template <class Visitor>
  void visit(Visitor& v) {
    v("language", language, "ISO 639 code that most of a page must be written in");
    v("min_share", min_share, "least share of the page's text in that language");
    v("reliable", reliable, "drop pages that the detector is not sure of");
    v("max_bytes", max_bytes, "how much of a page the detector reads");
  }
};

/// What the detector makes of a text.
struct LanguageGuess {
  std::string code = "un";  ///< of the language of most of it; "un": unknown
  double share = 0;         ///< of the text in the language that was asked for
  bool reliable = false;
};

/// What `text` is written in, by CLD2 (four-letter sequences and scripts). Any bytes are allowed:
/// ill-formed UTF-8 is repaired first, control and non-characters become spaces, for CLD2 reads
/// wild memory or gives up otherwise. The language is the one with the largest share; CLD2's own
/// summary names the other one of a page of 80 % English and 19 % German. `wanted` is the code
/// whose share is reported. Throws Error unless max_bytes is in [1, 2^30].
LanguageGuess detect_language(std::string_view text, std::string_view wanted, int64_t max_bytes);

/// Which rule a page's text breaks; value is the share of the wanted language.
struct LanguageVerdict {
  LanguageRule rule = LanguageRule::kNone;
  double value = 0;
  LanguageGuess guess;

  bool passed() const { return rule == LanguageRule::kNone; }
};

/// Judges a text by detect_language. Throws Error as it does.
LanguageVerdict judge_language(std::string_view text, const LanguageConfig& config = {});

}  // namespace flamingo::corpus
