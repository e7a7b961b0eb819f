#include "flamingo/text/score_model.h"

#include <cmath>

#include "flamingo/core/error.h"
#include "flamingo/text/byte_chars.h"
#include "flamingo/text/unicode.h"

namespace flamingo::text {
namespace {

/// Characters below this are looked up in a table.
constexpr char32_t kTableChars = 0x80;

int32_t signed_code(const Utf8Char& c) { return static_cast<int32_t>(c.code); }

/// Distinct scores of mergeable tokens, best first: the index is the rank.
std::vector<double> ranked_scores(const std::vector<ScoreModel::Token>& tokens,
                                  const std::string& where) {
  std::vector<double> scores;
  for (const ScoreModel::Token& token : tokens) {
    require(std::isfinite(token.score), where, "expected finite scores, got {}", token.score);
    if (token.merges) scores.push_back(token.score);
  }
  std::sort(scores.begin(), scores.end(), std::greater<>());
  scores.erase(std::unique(scores.begin(), scores.end()), scores.end());
  return scores;
}

}  // namespace

/// Characters that merge among themselves.
struct ScoreModel::Stretch {
  std::vector<Symbol> symbols;
  std::vector<uint32_t> begins;  ///< where each starts in the piece, and where the last one ends

  /// Where symbol i, as merged so far, ends in the piece.
  size_t end_of(int32_t i) const {
    const int32_t next = symbols[static_cast<size_t>(i)].next;
    return next < 0 ? begins.back() : begins[static_cast<size_t>(next)];
  }
};

/// What pairs of tokens become, remembered over a long piece: asking by text takes a hash of it.
class ScoreModel::PairCache {
 public:
  explicit PairCache(size_t piece_size) : slots_(piece_size < kLong ? 0 : kSlots) {}

  /// by_text(), or its answer for the same two tokens before; -1 is a character without a token.
  template <class ByText>
  std::optional<Merge> find(int32_t left, int32_t right, const ByText& by_text) {
    if (slots_.empty() || left < 0 || right < 0) return by_text();
    const uint64_t key = uint64_t{static_cast<uint32_t>(left)} << 32 | static_cast<uint32_t>(right);
    Slot& slot = slots_[(key * 0x9e3779b97f4a7c15u) >> 48];
    if (slot.left != left || slot.right != right) slot = {left, right, by_text()};
    return slot.merge;
  }

 private:
  static constexpr size_t kLong = 4096;
  static constexpr size_t kSlots = size_t{1} << 16;
  struct Slot {
    int32_t left = -1;
    int32_t right = -1;
    std::optional<Merge> merge;
  };
  std::vector<Slot> slots_;
};

ScoreModel::ScoreModel(const std::vector<Token>& tokens, std::optional<int32_t> unk_id,
                       const std::string& where)
    : char_ids_(kTableChars, -1), bytes_(256, -1), unk_id_(unk_id) {
  const std::vector<double> scores = ranked_scores(tokens, where);
  for (size_t i = 0; i < tokens.size(); ++i) {
    const auto& [text, score, merges] = tokens[i];
    const auto id = static_cast<int32_t>(i);
    vocabulary_.add(text, id, where);
    if (const auto byte = byte_of_token(text); byte && !merges) bytes_[*byte] = id;
    if (!merges || text.empty()) continue;
    const auto rank = std::lower_bound(scores.begin(), scores.end(), score, std::greater<>());
    mergeable_[text] = {static_cast<uint32_t>(rank - scores.begin()), id};
    if (text.size() == 1) char_ids_[static_cast<unsigned char>(text[0])] = id;
    longest_ = std::max(longest_, text.size());
    add_joins(text);
  }
}

void ScoreModel::add_joins(std::string_view token) {
  for (size_t pos = 0; pos < token.size();) {
    const Utf8Char c = decode_utf8(token, pos);
    pos += c.length;
    if (pos < token.size()) joins_.set(signed_code(c), signed_code(decode_utf8(token, pos)), {});
  }
}

int32_t ScoreModel::char_id(std::string_view c, char32_t code) const {
  if (code < kTableChars) return char_ids_[code];
  const auto found = mergeable_.find(c);
  return found == mergeable_.end() ? -1 : found->second.id;
}

/// Reads characters from `pos` up to the first two that no token has side by side, and returns
/// where it stopped: what was read merges on its own.
size_t ScoreModel::read_stretch(std::string_view piece, size_t pos, Stretch& stretch) const {
  stretch.symbols.clear();
  stretch.begins.clear();
  for (bool joined = true; joined;) {
    const Utf8Char c = decode_utf8(piece, pos);
    stretch.symbols.push_back({.id = char_id(piece.substr(pos, c.length), c.code)});
    stretch.begins.push_back(static_cast<uint32_t>(pos));
    pos += c.length;
    joined = pos < piece.size() &&
             joins_.find(signed_code(c), signed_code(decode_utf8(piece, pos))).has_value();
  }
  stretch.begins.push_back(static_cast<uint32_t>(pos));
  return pos;
}

void ScoreModel::merge(std::string_view piece, Stretch& stretch, PairCache& cache) const {
  std::vector<Symbol>& symbols = stretch.symbols;
  if (symbols.size() < 2) {
    symbols.front().next = -1;
    return;
  }
  merge_symbols(symbols, [&](int32_t left, int32_t right) {
    const auto by_text = [&]() -> std::optional<Merge> {
      const size_t begin = stretch.begins[static_cast<size_t>(left)];
      const size_t size = stretch.end_of(right) - begin;
      if (size > longest_) return std::nullopt;
      const auto found = mergeable_.find(piece.substr(begin, size));
      if (found == mergeable_.end()) return std::nullopt;
      return found->second;
    };
    return cache.find(symbols[static_cast<size_t>(left)].id, symbols[static_cast<size_t>(right)].id,
                      by_text);
  });
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
  Stretch stretch;
  stretch.symbols.reserve(piece.size());
  stretch.begins.reserve(piece.size() + 1);
  PairCache cache(piece.size());
  for (size_t pos = 0; pos < piece.size();) {
    pos = read_stretch(piece, pos, stretch);
    merge(piece, stretch, cache);
    for (int32_t i = 0; i >= 0; i = stretch.symbols[static_cast<size_t>(i)].next) {
      const Symbol& symbol = stretch.symbols[static_cast<size_t>(i)];
      const size_t begin = stretch.begins[static_cast<size_t>(i)];
      if (symbol.id >= 0) {
        ids.push_back(symbol.id);
      } else {
        add_bytes(piece.substr(begin, stretch.end_of(i) - begin), ids);
      }
    }
  }
}

}  // namespace flamingo::text
