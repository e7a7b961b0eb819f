#include "flamingo/text/score_model.h"

#include <cmath>

#include "flamingo/core/error.h"
#include "flamingo/text/byte_chars.h"
#include "flamingo/text/unicode.h"

namespace flamingo {
namespace {

uint64_t join_key(char32_t left, char32_t right) { return uint64_t{left} << 32 | right; }

/// Distinct scores of mergeable tokens, best first: the index is the rank.
std::vector<double> ranked_scores(const std::vector<ScoreModel::Token>& tokens,
                                  const std::string& where) {
  std::vector<double> scores;
  for (const ScoreModel::Token& token : tokens) {
    require(std::isfinite(token.score), where, "expected finite scores, got another");
    if (token.merges) scores.push_back(token.score);
  }
  std::sort(scores.begin(), scores.end(), std::greater<>());
  scores.erase(std::unique(scores.begin(), scores.end()), scores.end());
  return scores;
}

}  // namespace

ScoreModel::ScoreModel(const std::vector<Token>& tokens, std::optional<int32_t> unk_id,
                       const std::string& where)
    : bytes_(256, -1), unk_id_(unk_id) {
  const std::vector<double> scores = ranked_scores(tokens, where);
  for (size_t i = 0; i < tokens.size(); ++i) {
    const auto& [text, score, merges] = tokens[i];
    const auto id = static_cast<int32_t>(i);
    vocabulary_.add(text, id, where);
    if (const auto byte = byte_of_token(text); byte && !merges) bytes_[*byte] = id;
    if (!merges || text.empty()) continue;
    const auto rank = std::lower_bound(scores.begin(), scores.end(), score, std::greater<>());
    mergeable_[text] = {static_cast<uint32_t>(rank - scores.begin()), id};
    longest_ = std::max(longest_, text.size());
    add_joins(text);
  }
}

void ScoreModel::add_joins(std::string_view token) {
  for (size_t pos = 0; pos < token.size();) {
    const Utf8Char c = decode_utf8(token, pos);
    pos += c.length;
    if (pos < token.size()) joins_.insert(join_key(c.code, decode_utf8(token, pos).code));
  }
}

std::vector<Symbol> ScoreModel::read_symbols(std::string_view piece) const {
  std::vector<Symbol> symbols;
  symbols.reserve(piece.size());
  for (size_t pos = 0; pos < piece.size();) {
    const size_t length = decode_utf8(piece, pos).length;
    const auto found = mergeable_.find(piece.substr(pos, length));
    symbols.push_back({.id = found == mergeable_.end() ? -1 : found->second.id,
                       .begin = static_cast<uint32_t>(pos),
                       .size = static_cast<uint32_t>(length)});
    pos += length;
  }
  return symbols;
}

/// End of the stretch from `begin` that merges on its own: no token has this character before the
/// next.
size_t ScoreModel::cut(std::string_view piece, const std::vector<Symbol>& symbols,
                       size_t begin) const {
  size_t end = begin + 1;
  for (; end < symbols.size(); ++end) {
    const char32_t left = decode_utf8(piece, symbols[end - 1].begin).code;
    if (!joins_.contains(join_key(left, decode_utf8(piece, symbols[end].begin).code))) break;
  }
  return end;
}

void ScoreModel::add_bytes(std::string_view text, std::vector<int32_t>& ids) const {
  for (const char c : text) {
    if (bytes_[static_cast<unsigned char>(c)] >= 0) continue;
    const bool in_run = !ids.empty() && unk_id_ && ids.back() == *unk_id_;
    if (unk_id_ && !in_run) ids.push_back(*unk_id_);
    return;
  }
  for (const char c : text) ids.push_back(bytes_[static_cast<unsigned char>(c)]);
}

void ScoreModel::encode(std::string_view piece, std::vector<int32_t>& ids) const {
  std::vector<Symbol> symbols = read_symbols(piece);
  const auto lookup = [&](const Symbol& left, const Symbol& right) -> std::optional<Merge> {
    const size_t size = size_t{left.size} + right.size;
    if (size > longest_) return std::nullopt;
    const auto found = mergeable_.find(piece.substr(left.begin, size));
    if (found == mergeable_.end()) return std::nullopt;
    return found->second;
  };
  for (size_t begin = 0; begin < symbols.size();) {
    const size_t end = cut(piece, symbols, begin);
    const std::span<Symbol> stretch = std::span(symbols).subspan(begin, end - begin);
    link_symbols(stretch);
    merge_symbols(stretch, lookup);
    begin = end;
  }
  for (const Symbol& symbol : symbols) {
    if (symbol.size == 0) continue;
    if (symbol.id >= 0) {
      ids.push_back(symbol.id);
    } else {
      add_bytes(piece.substr(symbol.begin, symbol.size), ids);
    }
  }
}

}  // namespace flamingo
