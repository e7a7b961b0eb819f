#include "flamingo/text/bpe_model.h"

#include <algorithm>

#include "flamingo/text/byte_chars.h"
#include "flamingo/text/json_fields.h"
#include "flamingo/text/unicode.h"

namespace flamingo::text {
namespace {

/// Covers the alphabet of byte-level tokenizers.
constexpr char32_t kFastChars = 0x180;

/// First and last character of a token; -1 for both when it has none.
std::pair<int32_t, int32_t> edges_of(std::string_view token) {
  if (token.empty()) return {-1, -1};
  size_t last = token.size() - 1;
  while (last > 0 && (static_cast<unsigned char>(token[last]) & 0xc0) == 0x80) --last;
  return {static_cast<int32_t>(decode_utf8(token, 0).code),
          static_cast<int32_t>(decode_utf8(token, last).code)};
}

std::string text_or_empty(const Json& json, const char* name, const std::string& where) {
  return json_absent(json, name) ? std::string() : json_string(json, name, where);
}

BpeOptions read_options(const Json& json, const std::string& where) {
  BpeOptions options;
  if (!json_absent(json, "unk_token")) options.unk_token = json_string(json, "unk_token", where);
  options.continuing_subword_prefix = text_or_empty(json, "continuing_subword_prefix", where);
  options.end_of_word_suffix = text_or_empty(json, "end_of_word_suffix", where);
  options.fuse_unk = json_bool(json, "fuse_unk", false, where);
  options.byte_fallback = json_bool(json, "byte_fallback", false, where);
  options.ignore_merges = json_bool(json, "ignore_merges", false, where);
  if (!json_absent(json, "dropout")) {
    const Json& dropout = json_field(json, "dropout", where);
    if (!dropout.is_number() || dropout.get<double>() != 0.0)
      fail(where + ".dropout", "expected null or 0, got {}", dropout);
  }
  return options;
}

Vocabulary read_vocabulary(const Json& json, const std::string& where) {
  require(json.is_object(), where, "expected an object, got {}", json.type_name());
  Vocabulary vocabulary;
  for (const auto& [token, id] : json.items()) {
    require(id.is_number_integer(), where, "expected whole numbers, got {}", id);
    const bool fits = !id.is_number_unsigned() || id.get<uint64_t>() < uint64_t{1} << 62;
    vocabulary.add(token, fits ? id.get<int64_t>() : -1, where);
  }
  return vocabulary;
}

BpeModel::MergeList read_merges(const Json& json, const std::string& where) {
  require(json.is_array(), where, "expected a list, got {}", json.type_name());
  std::vector<std::string> lines;
  BpeModel::MergeList pairs;
  for (const Json& item : json) {
    if (item.is_string()) {
      lines.push_back(item.get<std::string>());
      continue;
    }
    const bool is_pair =
        item.is_array() && item.size() == 2 && item[0].is_string() && item[1].is_string();
    if (!is_pair) fail(where, "expected \"a b\" or [\"a\", \"b\"], got {}", item);
    pairs.emplace_back(item[0].get<std::string>(), item[1].get<std::string>());
  }
  require(lines.empty() || pairs.empty(), where, "expected strings or pairs, got both");
  return lines.empty() ? pairs : BpeModel::split_merges(lines, where);
}

}  // namespace

BpeModel::MergeList BpeModel::split_merges(const std::vector<std::string>& lines,
                                           const std::string& where) {
  MergeList merges;
  merges.reserve(lines.size());
  for (const std::string& line : lines) {
    if (line.starts_with("#version")) continue;
    const size_t space = line.find(' ');
    require(space != std::string::npos && line.find(' ', space + 1) == std::string::npos, where,
            "expected \"a b\", got \"{}\"", std::string_view(line).substr(0, 60));
    merges.emplace_back(line.substr(0, space), line.substr(space + 1));
  }
  return merges;
}

std::shared_ptr<const BpeModel> BpeModel::from_json(const Json& json, const std::string& where) {
  const std::string type = json_absent(json, "type") ? "BPE" : json_type(json, where);
  if (type != "BPE") fail(where + ".type", "expected BPE, got \"{}\"", type);
  Vocabulary vocabulary = read_vocabulary(json_field(json, "vocab", where), where + ".vocab");
  const MergeList merges = read_merges(json_field(json, "merges", where), where + ".merges");
  return std::make_shared<BpeModel>(std::move(vocabulary), merges, read_options(json, where),
                                    where);
}

BpeModel::BpeModel(Vocabulary vocabulary, const MergeList& merges, BpeOptions options,
                   const std::string& where)
    : options_(std::move(options)), merges_(merges.size()), char_ids_(kFastChars, -1) {
  vocabulary_ = std::move(vocabulary);
  if (options_.unk_token) unk_id_ = vocabulary_.find(*options_.unk_token);
  require(merges.size() < (size_t{1} << 31), where, "expected fewer than 2^31 merges");
  for (char32_t c = 0; c < kFastChars; ++c) {
    std::string text;
    append_utf8(text, c);
    if (const auto id = vocabulary_.find(text)) char_ids_[c] = *id;
  }
  for (size_t byte = 0; byte < byte_ids_.size(); ++byte) {
    const auto id = vocabulary_.find(byte_token(static_cast<unsigned char>(byte)));
    byte_ids_[byte] = id.value_or(-1);
  }
  edges_.reserve(static_cast<size_t>(vocabulary_.size()));
  for (int64_t id = 0; id < vocabulary_.size(); ++id) {
    const std::string* token = vocabulary_.token(id);
    edges_.push_back(edges_of(token == nullptr ? "" : std::string_view(*token)));
  }
  for (size_t rank = 0; rank < merges.size(); ++rank) {
    add_merge(merges[rank], static_cast<uint32_t>(rank), where + ".merges");
  }
}

void BpeModel::add_merge(const std::pair<std::string, std::string>& merge, uint32_t rank,
                         const std::string& where) {
  const auto id_of = [&](std::string_view token) {
    const auto id = vocabulary_.find(token);
    require(id.has_value(), where, "expected parts that are tokens, got \"{}\"",
            std::string_view(token).substr(0, 60));
    return *id;
  };
  const size_t prefix = options_.continuing_subword_prefix.size();
  require(merge.second.size() >= prefix, where,
          "expected a part with the continuing prefix, got \"{}\"", merge.second);
  const int32_t left = id_of(merge.first);
  const int32_t right = id_of(merge.second);
  merges_.set(left, right, {rank, id_of(merge.first + merge.second.substr(prefix))});
  const int32_t last = edges_[static_cast<size_t>(left)].second;
  const int32_t first = edges_[static_cast<size_t>(right)].first;
  if (last >= 0 && first >= 0) joins_.set(last, first, {});
}

std::optional<int32_t> BpeModel::find_char(std::string_view c, char32_t code, bool is_first,
                                           bool is_last) const {
  const bool prefix = !is_first && !options_.continuing_subword_prefix.empty();
  const bool suffix = is_last && !options_.end_of_word_suffix.empty();
  if (!prefix && !suffix) {
    if (code >= kFastChars) return vocabulary_.find(c);
    return char_ids_[code] >= 0 ? std::optional(char_ids_[code]) : std::nullopt;
  }
  return vocabulary_.find((prefix ? options_.continuing_subword_prefix : "") + std::string(c) +
                          (suffix ? options_.end_of_word_suffix : ""));
}

bool BpeModel::add_bytes(std::string_view c, std::vector<int32_t>& ids) const {
  const size_t before = ids.size();
  for (const char byte : c) {
    const int32_t id = byte_ids_[static_cast<unsigned char>(byte)];
    if (id < 0) {
      ids.resize(before);
      return false;
    }
    ids.push_back(id);
  }
  return true;
}

/// One id per character: its token, else its bytes' tokens, else the unknown token. As in the
/// peer, an unknown token is held back and bytes may overtake it.
void BpeModel::read_chars(std::string_view piece, std::vector<int32_t>& ids) const {
  bool has_unknown = false;
  const auto flush = [&] {
    if (has_unknown) ids.push_back(*unk_id_);
    has_unknown = false;
  };
  for (size_t pos = 0; pos < piece.size();) {
    const auto [code, length] = decode_utf8(piece, pos);
    const std::string_view c = piece.substr(pos, length);
    const auto id = find_char(c, code, pos == 0, pos + length == piece.size());
    pos += length;
    if (id) {
      flush();
      ids.push_back(*id);
    } else if (!(options_.byte_fallback && add_bytes(c, ids)) && unk_id_) {
      if (!options_.fuse_unk) flush();
      has_unknown = true;
    }
  }
  flush();
}

/// End of the stretch from `begin` that merges on its own: no merge has the last character of one
/// token before the first of the next.
size_t BpeModel::cut(std::span<const int32_t> ids, size_t begin) const {
  const auto joined = [&](int32_t left, int32_t right) {
    const int32_t last = edges_[static_cast<size_t>(left)].second;
    const int32_t first = edges_[static_cast<size_t>(right)].first;
    return last < 0 || first < 0 || joins_.find(last, first).has_value();
  };
  size_t end = begin + 1;
  while (end < ids.size() && joined(ids[end - 1], ids[end])) ++end;
  return end;
}

/// Puts what `ids` merges into at its front and returns its length. `symbols` is only room to work.
size_t BpeModel::merge(std::span<int32_t> ids, std::vector<Symbol>& symbols) const {
  if (ids.size() < 2) return ids.size();
  symbols.resize(ids.size());
  for (size_t i = 0; i < ids.size(); ++i) symbols[i].id = ids[i];
  merge_symbols(symbols, [&](int32_t left, int32_t right) {
    return merges_.find(symbols[static_cast<size_t>(left)].id,
                        symbols[static_cast<size_t>(right)].id);
  });
  size_t count = 0;
  for (int32_t i = 0; i >= 0; i = symbols[static_cast<size_t>(i)].next) {
    ids[count++] = symbols[static_cast<size_t>(i)].id;
  }
  return count;
}

void BpeModel::encode(std::string_view piece, std::vector<int32_t>& ids) const {
  if (options_.ignore_merges) {
    if (const auto id = vocabulary_.find(piece)) {
      ids.push_back(*id);
      return;
    }
  }
  constexpr size_t kShort = 64;
  const size_t before = ids.size();
  read_chars(piece, ids);
  const std::span<int32_t> read = std::span(ids).subspan(before);
  const bool whole = read.size() <= kShort || !options_.continuing_subword_prefix.empty();
  std::vector<Symbol> symbols;
  size_t written = 0;
  for (size_t begin = 0; begin < read.size();) {
    const size_t end = whole ? read.size() : cut(read, begin);
    const std::span<int32_t> stretch = read.subspan(begin, end - begin);
    const size_t count = merge(stretch, symbols);
    std::copy_n(stretch.begin(), count, read.begin() + static_cast<ptrdiff_t>(written));
    written += count;
    begin = end;
  }
  ids.resize(before + written);
}

}  // namespace flamingo::text
