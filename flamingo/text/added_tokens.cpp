#include "flamingo/text/added_tokens.h"

#include "flamingo/core/error.h"
#include "flamingo/text/unicode.h"

namespace flamingo::text {
namespace {

/// Start of the last character of text[0, end); end > 0.
size_t last_char_begin(std::string_view text, size_t end) {
  size_t pos = end - 1;
  while (pos > 0 && (static_cast<unsigned char>(text[pos]) & 0xc0) == 0x80) --pos;
  return pos;
}

bool is_single_word(std::string_view text, size_t begin, size_t end) {
  const bool word_before =
      begin > 0 && is_word(decode_utf8(text, last_char_begin(text, begin)).code);
  const bool word_after = end < text.size() && is_word(decode_utf8(text, end).code);
  return !word_before && !word_after;
}

/// Moves `begin` left over white space, not past `limit`.
size_t skip_space_left(std::string_view text, size_t begin, size_t limit) {
  while (begin > limit) {
    const size_t pos = last_char_begin(text, begin);
    if (!is_space(decode_utf8(text, pos).code)) break;
    begin = pos;
  }
  return begin;
}

size_t skip_space_right(std::string_view text, size_t end) {
  while (end < text.size()) {
    const Utf8Char c = decode_utf8(text, end);
    if (!is_space(c.code)) break;
    end += c.length;
  }
  return end;
}

}  // namespace

void StringMatcher::add(std::string_view text, size_t value) {
  if (text.empty()) return;
  starts_[static_cast<unsigned char>(text[0])] = true;
  uint64_t node = 0;
  for (const char c : text) {
    const uint64_t key = node << 8 | static_cast<unsigned char>(c);
    const auto [child, is_new] = children_.emplace(key, static_cast<uint32_t>(values_.size()));
    if (is_new) values_.push_back(-1);
    node = child->second;
  }
  if (values_[node] < 0) values_[node] = static_cast<int64_t>(value);
}

std::optional<StringMatcher::Match> StringMatcher::longest_at(std::string_view text,
                                                              size_t pos) const {
  std::optional<Match> match;
  uint64_t node = 0;
  while (pos < text.size()) {
    const auto child = children_.find(node << 8 | static_cast<unsigned char>(text[pos]));
    if (child == children_.end()) break;
    node = child->second;
    ++pos;
    if (values_[node] >= 0) match = Match{pos, static_cast<size_t>(values_[node])};
  }
  return match;
}

void AddedTokens::add(const AddedToken& token, const std::string& where) {
  if (token.content.empty()) return;
  require(token.content.size() <= kMaxContent, where,
          "expected a token of at most {} bytes, got {}", kMaxContent, token.content.size());
  const auto [position, is_new] = by_content_.emplace(token.content, tokens_.size());
  if (is_new) {
    tokens_.push_back(token);
    sought_.push_back({!token.normalized, token.normalized});
  } else {
    AddedToken& known = tokens_[position->second];
    Sought& sought = sought_[position->second];
    if (!known.special) {
      const bool both = !token.special;
      sought = {!token.normalized || (both && sought.raw),
                token.normalized || (both && sought.normalized)};
    }
    const bool special = known.special || token.special;
    known = token;
    known.special = special;
  }
  by_id_[token.id] = position->second;
}

void AddedTokens::build(const Normalizer& normalizer) {
  raw_ = {};
  normalized_ = {};
  for (const bool special : {true, false}) {
    for (size_t i = 0; i < tokens_.size(); ++i) {
      if (tokens_[i].special != special) continue;
      if (sought_[i].normalized) normalized_.add(normalizer.apply(tokens_[i].content), i);
      if (sought_[i].raw) raw_.add(tokens_[i].content, i);
    }
  }
}

void AddedTokens::split(const StringMatcher& matcher, std::string_view text, bool plain,
                        const Sink& sink) const {
  size_t start = 0;
  for (size_t pos = 0; (pos = matcher.next_start(text, pos)) < text.size();) {
    const auto match = matcher.longest_at(text, pos);
    if (!match) {
      ++pos;
      continue;
    }
    size_t begin = pos;
    size_t end = pos = match->end;
    const AddedToken& token = tokens_[match->value];
    if (plain && token.special) continue;
    if (token.single_word && !is_single_word(text, begin, end)) continue;
    if (token.lstrip) begin = std::max(skip_space_left(text, begin, start), start);
    if (token.rstrip) end = skip_space_right(text, end);
    if (begin >= end) continue;  // an earlier token's rstrip took it all
    if (start < begin) sink(text.substr(start, begin - start), nullptr);
    sink(text.substr(begin, end - begin), &token);
    start = end;
  }
  if (start < text.size()) sink(text.substr(start), nullptr);
}

void AddedTokens::split_raw(std::string_view text, bool plain, const Sink& sink) const {
  split(raw_, text, plain, sink);
}

void AddedTokens::split_normalized(std::string_view text, bool plain, const Sink& sink) const {
  split(normalized_, text, plain, sink);
}

const AddedToken* AddedTokens::find(std::string_view content) const {
  const auto found = by_content_.find(content);
  return found == by_content_.end() ? nullptr : &tokens_[found->second];
}

const AddedToken* AddedTokens::find(int32_t id) const {
  const auto found = by_id_.find(id);
  return found == by_id_.end() ? nullptr : &tokens_[found->second];
}

bool AddedTokens::is_special(std::string_view content) const {
  const AddedToken* token = find(content);
  return token != nullptr && token->special;
}

int64_t AddedTokens::max_id() const {
  int64_t max = -1;
  for (const AddedToken& token : tokens_) max = std::max<int64_t>(max, token.id);
  return max;
}

}  // namespace flamingo::text
