#include "flamingo/generate/cut_answer.h"

#include <algorithm>
#include <optional>
#include <string>

namespace flamingo::generate {
namespace {

/// A word of more tokens is encoded from the cut token on.
constexpr size_t kMaxWordTokens = 32;

using Ids = std::vector<int32_t>;

bool is_blank(char c) { return c == ' ' || c == '\n' || c == '\t' || c == '\r'; }

/// Looks for tokens of a text that follows others: a vocabulary with spaces before its words says
/// the first word of a list without one.
class AnswerCutter {
 public:
  AnswerCutter(const text::Tokenizer& tokenizer, int32_t before, std::span<const int32_t> ids)
      : tokenizer_(tokenizer), before_(before), ids_(ids.begin(), ids.end()) {}

  Ids cut(size_t num_bytes) {
    target_ = decoded(ids_);
    target_.resize(target_.size() - std::min(num_bytes, target_.size()));
    const size_t whole = whole_tokens();
    if (decoded(first(whole)) == target_) return first(whole);
    const size_t word = word_start(whole);
    if (auto found = continued(word)) return *found;
    const size_t last = whole - std::min(whole, kMaxWordTokens);
    for (size_t count = whole + 1; count-- > last;) {
      if (auto found = continued(count)) return *found;
    }
    return first(whole);
  }

 private:
  Ids first(size_t count) const {
    return {ids_.begin(), ids_.begin() + static_cast<std::ptrdiff_t>(count)};
  }
  std::string decoded(const Ids& answer) const {
    Ids all = {before_};
    all.insert(all.end(), answer.begin(), answer.end());
    return tokenizer_.decode(all, /*skip_special=*/true);
  }

  /// The most tokens whose text is no more than the target.
  size_t whole_tokens() const {
    size_t count = ids_.size();
    while (count > 0 && !target_.starts_with(decoded(first(count)))) --count;
    return count;
  }

  /// Where the word, with the white space before it, begins that continues after the first `whole`
  /// tokens; `whole`, if it is long.
  size_t word_start(size_t whole) const {
    for (size_t count = whole; whole - count <= kMaxWordTokens; --count) {
      const std::string said = decoded(first(count));
      const bool fits = target_.starts_with(said) && said.size() < target_.size();
      const bool in_space = !said.empty() && is_blank(said.back());
      if (count == 0 || (fits && is_blank(target_[said.size()]) && !in_space)) return count;
    }
    return whole;
  }

  /// The first `count` tokens, and others that say the rest of the target.
  std::optional<Ids> continued(size_t count) const {
    const Ids kept = first(count);
    const std::string said = decoded(kept);
    if (!target_.starts_with(said)) return std::nullopt;
    const std::string rest = target_.substr(said.size());
    for (const Ids& tail : encodings(rest)) {
      Ids answer = kept;
      answer.insert(answer.end(), tail.begin(), tail.end());
      if (decoded(answer) == target_) return answer;
    }
    return std::nullopt;
  }

  /// `text` as it is, without the space that a vocabulary may put before it, and as it is encoded
  /// in the middle of a text.
  std::vector<Ids> encodings(const std::string& text) const {
    std::vector<Ids> all = {tokenizer_.encode_plain(text)};
    if (text.starts_with(' ')) all.push_back(tokenizer_.encode_plain(text.substr(1)));
    const Ids line = tokenizer_.encode_plain("\n");
    Ids after = tokenizer_.encode_plain("\n" + text);
    if (after.size() >= line.size() && std::equal(line.begin(), line.end(), after.begin())) {
      after.erase(after.begin(), after.begin() + std::ssize(line));
      all.push_back(std::move(after));
    }
    return all;
  }

  const text::Tokenizer& tokenizer_;
  int32_t before_;
  Ids ids_;
  std::string target_;
};

}  // namespace

std::vector<int32_t> cut_answer(const text::Tokenizer& tokenizer, int32_t before,
                                std::span<const int32_t> ids, std::string_view text) {
  if (text.empty()) return {};
  const size_t length = tokenizer.decode(ids, /*skip_special=*/true).size();
  return AnswerCutter(tokenizer, before, ids).cut(length - std::min(length, text.size()));
}

}  // namespace flamingo::generate
