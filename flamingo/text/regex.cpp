#include "flamingo/text/regex.h"

#include "flamingo/core/error.h"
#include "flamingo/text/regex_dialect.h"
#include "flamingo/text/unicode.h"

#ifdef FLAMINGO_PCRE2
#define PCRE2_CODE_UNIT_WIDTH 8
#include <pcre2.h>
#endif

namespace flamingo::text {

#ifdef FLAMINGO_PCRE2
namespace {

constexpr size_t kMaxSourceBytes = 8 << 10;
constexpr uint32_t kMaxSteps = 10'000'000;
constexpr uint32_t kMaxDepth = 1'000'000;
constexpr uint32_t kMaxHeapKib = 64 << 10;

/// PCRE2's words for an error code.
std::string message_of(int error) {
  unsigned char text[256];
  return pcre2_get_error_message(error, text, sizeof text) < 0
             ? "error " + std::to_string(error)
             : reinterpret_cast<const char*>(text);
}

/// What PCRE2 made, freed at the end.
template <class T>
using Owned = std::unique_ptr<T, void (*)(T*)>;

template <class T>
Owned<T> owned(T* object, void (*free)(T*)) {
  require(object != nullptr, "regular expression", "expected memory, got none");
  return {object, free};
}

PCRE2_SPTR bytes_of(std::string_view text) { return reinterpret_cast<PCRE2_SPTR>(text.data()); }

Owned<pcre2_code> compile(std::string_view source, const std::string& where) {
  require(source.size() <= kMaxSourceBytes, where,
          "expected a regular expression of at most {} bytes, got {}", kMaxSourceBytes,
          source.size());
  const TranslatedRegex translated = translate_regex(source, where);
  const auto context = owned(pcre2_compile_context_create(nullptr), pcre2_compile_context_free);
  pcre2_set_newline(context.get(), PCRE2_NEWLINE_LF);
  int error = 0;
  size_t place = 0;
  constexpr uint32_t kOptions = PCRE2_UTF | PCRE2_UCP | PCRE2_MULTILINE | PCRE2_NEVER_BACKSLASH_C;
  pcre2_code* const code = pcre2_compile(bytes_of(translated.text), translated.text.size(),
                                         kOptions, &error, &place, context.get());
  if (code == nullptr) {
    const size_t at = place < translated.places.size() ? translated.places[place] : source.size();
    fail(where, "expected a regular expression, got \"{}\": {} at its byte {}", source,
         message_of(error), at);
  }
  return owned(code, pcre2_code_free);
}

Owned<pcre2_match_context> make_limits() {
  auto limits = owned(pcre2_match_context_create(nullptr), pcre2_match_context_free);
  pcre2_set_match_limit(limits.get(), kMaxSteps);
  pcre2_set_depth_limit(limits.get(), kMaxDepth);
  pcre2_set_heap_limit(limits.get(), kMaxHeapKib);
  return limits;
}

}  // namespace

struct Regex::Code {
  std::string source;
  std::string where;
  Owned<pcre2_code> code = compile(source, where);
  Owned<pcre2_match_context> limits = make_limits();
};

bool has_regex_engine() { return true; }

Regex::Regex(std::string_view source, std::string where)
    : code_(new Code{std::string(source), std::move(where)}) {}

void Regex::for_each_match(std::string_view text,
                           const std::function<void(size_t begin, size_t end)>& visit) const {
  const auto data = owned(pcre2_match_data_create(1, nullptr), pcre2_match_data_free);
  uint32_t options = 0;  // the first call looks whether all of the text is UTF-8
  size_t last_end = PCRE2_UNSET;
  for (size_t at = 0; at <= text.size();) {
    const int found = pcre2_match(code_->code.get(), bytes_of(text), text.size(), at, options,
                                  data.get(), code_->limits.get());
    if (found == PCRE2_ERROR_NOMATCH) return;
    if (found < 0)
      fail(code_->where, "expected to match \"{}\" within limits, got {} at byte {} of {}",
           code_->source, message_of(found), at, text.size());
    options = PCRE2_NO_UTF_CHECK;
    const size_t* const range = pcre2_get_ovector_pointer(data.get());
    const size_t begin = range[0], end = range[1];
    if (begin == end && end == last_end) {  // an empty match right after the last one
      if (at == text.size()) return;
      at += decode_utf8(text, at).length;
      continue;
    }
    visit(begin, end);
    at = last_end = end;
  }
}

#else

struct Regex::Code {};

bool has_regex_engine() { return false; }

Regex::Regex(std::string_view source, std::string where) {
  fail(where, "expected a regular expression that is known by its spelling, got \"{}\"", source,
       Hint{"others need a build with PCRE2"});
}

void Regex::for_each_match(std::string_view, const std::function<void(size_t, size_t)>&) const {}

#endif

}  // namespace flamingo::text
