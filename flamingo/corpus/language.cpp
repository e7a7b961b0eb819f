#include "flamingo/corpus/language.h"

#include <cld2/public/compact_lang_det.h>
#include <cld2/public/encodings.h>

#include "flamingo/core/checked.h"
#include "flamingo/text/unicode.h"

namespace flamingo::corpus {
namespace {

/// Whether CLD2 takes the character for text that may be exchanged.
bool is_interchangeable(char32_t c) {
  if (c < 0x20) return c == '\t' || c == '\n' || c == '\r';
  if (c >= 0x7f && c < 0xa0) return false;
  return (c < 0xfdd0 || c > 0xfdef) && (c & 0xfffe) != 0xfffe;
}

/// Well-formed UTF-8 of characters that CLD2 accepts.
std::string clean_text(std::string_view text) {
  const std::string repaired = text::repair_utf8(text);
  std::string out;
  out.reserve(repaired.size());
  for (size_t pos = 0; pos < repaired.size();) {
    const text::Utf8Char c = text::decode_utf8(repaired, pos);
    if (is_interchangeable(c.code)) {
      out.append(repaired, pos, c.length);
    } else {
      out += ' ';
    }
    pos += c.length;
  }
  return out;
}

}  // namespace

LanguageGuess detect_language(std::string_view text, std::string_view wanted, int64_t max_bytes) {
  require_within("language", "max_bytes", max_bytes, 1, int64_t{1} << 30);
  const std::string clean = clean_text(text.substr(0, static_cast<size_t>(max_bytes)));
  const auto size = static_cast<int>(clean.size());
  const CLD2::CLDHints hints = {nullptr, nullptr, CLD2::UNKNOWN_ENCODING, CLD2::UNKNOWN_LANGUAGE};
  CLD2::Language languages[3];
  int percents[3];
  double scores[3];
  int text_bytes = 0;
  int valid_bytes = 0;
  LanguageGuess guess;
  CLD2::ExtDetectLanguageSummaryCheckUTF8(
      clean.data(), size, /*is_plain_text=*/true, &hints, /*flags=*/0, languages, percents, scores,
      /*resultchunkvector=*/nullptr, &text_bytes, &guess.reliable, &valid_bytes);
  if (valid_bytes < size) return {};
  guess.code = CLD2::LanguageCode(languages[0]);
  for (int i = 0; i < 3; ++i) {
    if (CLD2::LanguageCode(languages[i]) == wanted) guess.share = percents[i] / 100.0;
  }
  return guess;
}

LanguageVerdict judge_language(std::string_view text, const LanguageConfig& config) {
  LanguageVerdict verdict;
  verdict.guess = detect_language(text, config.language, config.max_bytes);
  verdict.value = verdict.guess.share;
  if (verdict.guess.code != config.language) {
    verdict.rule = LanguageRule::kLanguage;
  } else if (verdict.guess.share < config.min_share) {
    verdict.rule = LanguageRule::kShare;
  } else if (config.reliable && !verdict.guess.reliable) {
    verdict.rule = LanguageRule::kUnreliable;
  }
  return verdict;
}

}  // namespace flamingo::corpus
