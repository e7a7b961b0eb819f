#include "flamingo/text/bpe_model.h"

#include "flamingo/text/byte_chars.h"
#include "flamingo/text/json_fields.h"
#include "flamingo/text/unicode.h"

namespace flamingo {
namespace {

/// Covers the alphabet of byte-level tokenizers.
constexpr char32_t kFastChars = 0x180;

char32_t last_char(std::string_view text) {
  size_t pos = text.size() - 1;
  while (pos > 0 && (static_cast<unsigned char>(text[pos]) & 0xc0) == 0x80) --pos;
  return decode_utf8(text, pos).code;
}

uint64_t join_key(std::string_view left, std::string_view right) {
  return uint64_t{last_char(left)} << 32 | decode_utf8(right, 0).code;
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
    require(dropout.is_number() && dropout.get<double>() == 0.0, where + ".dropout",
            "expected null or 0, got " + dropout.dump().substr(0, 40));
  }
  return options;
}

Vocabulary read_vocabulary(const Json& json, const std::string& where) {
  require(json.is_object(), where, "expected an object, got " + std::string(json.type_name()));
  Vocabulary vocabulary;
  for (const auto& [token, id] : json.items()) {
    require(id.is_number_integer(), where,
            "expected whole numbers, got " + id.dump().substr(0, 40));
    const bool fits = !id.is_number_unsigned() || id.get<uint64_t>() < uint64_t{1} << 62;
    vocabulary.add(token, fits ? id.get<int64_t>() : -1, where);
  }
  return vocabulary;
}

BpeModel::MergeList read_merges(const Json& json, const std::string& where) {
  require(json.is_array(), where, "expected a list, got " + std::string(json.type_name()));
  std::vector<std::string> lines;
  BpeModel::MergeList pairs;
  for (const Json& item : json) {
    if (item.is_string()) {
      lines.push_back(item.get<std::string>());
      continue;
    }
    const bool is_pair =
        item.is_array() && item.size() == 2 && item[0].is_string() && item[1].is_string();
    require(is_pair, where,
            "expected \"a b\" or [\"a\", \"b\"], got " + item.dump(-1, ' ', true).substr(0, 60));
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
            "expected \"a b\", got \"" + line.substr(0, 60) + "\"");
    merges.emplace_back(line.substr(0, space), line.substr(space + 1));
  }
  return merges;
}

std::shared_ptr<const BpeModel> BpeModel::from_json(const Json& json, const std::string& where) {
  const std::string type = json_absent(json, "type") ? "BPE" : json_type(json, where);
  require(type == "BPE", where + ".type", "expected BPE, got \"" + type + "\"");
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
  for (size_t rank = 0; rank < merges.size(); ++rank) {
    add_merge(merges[rank], static_cast<uint32_t>(rank), where + ".merges");
  }
}

void BpeModel::add_merge(const std::pair<std::string, std::string>& merge, uint32_t rank,
                         const std::string& where) {
  const auto id_of = [&](std::string_view token) {
    const auto id = vocabulary_.find(token);
    require(id.has_value(), where,
            "expected parts that are tokens, got \"" + std::string(token.substr(0, 60)) + "\"");
    return *id;
  };
  const size_t prefix = options_.continuing_subword_prefix.size();
  require(merge.second.size() >= prefix, where,
          "expected a part with the continuing prefix, got \"" + merge.second + "\"");
  const int32_t left = id_of(merge.first);
  const int32_t right = id_of(merge.second);
  merges_.set(left, right, {rank, id_of(merge.first + merge.second.substr(prefix))});
  if (!merge.first.empty() && !merge.second.empty()) {
    joins_.insert(join_key(merge.first, merge.second));
  }
}

std::optional<int32_t> BpeModel::find_char(std::string_view c, bool is_first, bool is_last) const {
  const bool prefix = !is_first && !options_.continuing_subword_prefix.empty();
  const bool suffix = is_last && !options_.end_of_word_suffix.empty();
  if (!prefix && !suffix) {
    const char32_t code = decode_utf8(c, 0).code;
    if (code >= kFastChars) return vocabulary_.find(c);
    return char_ids_[code] >= 0 ? std::optional(char_ids_[code]) : std::nullopt;
  }
  return vocabulary_.find((prefix ? options_.continuing_subword_prefix : "") + std::string(c) +
                          (suffix ? options_.end_of_word_suffix : ""));
}

bool BpeModel::add_bytes(std::string_view c, std::vector<Symbol>& symbols) const {
  const size_t before = symbols.size();
  for (const char byte : c) {
    const auto id = vocabulary_.find(byte_token(static_cast<unsigned char>(byte)));
    if (!id) {
      symbols.resize(before);
      return false;
    }
    symbols.push_back({.id = *id, .size = 1});
  }
  return true;
}

/// One symbol per character: its token, else its bytes' tokens, else the unknown token. As in the
/// peer, an unknown token is held back and bytes may overtake it.
void BpeModel::read_symbols(std::string_view piece, std::vector<Symbol>& symbols) const {
  std::optional<Symbol> unknown;
  const auto flush = [&] {
    if (unknown) symbols.push_back(*unknown);
    unknown.reset();
  };
  for (size_t pos = 0; pos < piece.size();) {
    const size_t length = decode_utf8(piece, pos).length;
    const std::string_view c = piece.substr(pos, length);
    const auto size = static_cast<uint32_t>(length);
    const auto id = find_char(c, pos == 0, pos + length == piece.size());
    pos += length;
    if (id) {
      flush();
      symbols.push_back({.id = *id, .size = size});
    } else if (!(options_.byte_fallback && add_bytes(c, symbols)) && unk_id_) {
      if (unknown && options_.fuse_unk) {
        unknown->size += size;
        continue;
      }
      flush();
      unknown = Symbol{.id = *unk_id_, .size = size};
    }
  }
  flush();
}

/// End of the stretch from `begin` that merges on its own: no merge has the last character of one
/// symbol before the first of the next.
size_t BpeModel::cut(std::span<const Symbol> symbols, size_t begin) const {
  const auto text = [&](size_t i) -> std::string_view { return *vocabulary_.token(symbols[i].id); };
  size_t end = begin + 1;
  while (end < symbols.size()) {
    const bool has_text = !text(end - 1).empty() && !text(end).empty();
    if (has_text && !joins_.contains(join_key(text(end - 1), text(end)))) break;
    ++end;
  }
  return end;
}

void BpeModel::merge(std::span<Symbol> symbols) const {
  link_symbols(symbols);
  merge_symbols(symbols, [&](const Symbol& left, const Symbol& right) {
    return merges_.find(left.id, right.id);
  });
}

void BpeModel::encode(std::string_view piece, std::vector<int32_t>& ids) const {
  if (options_.ignore_merges) {
    if (const auto id = vocabulary_.find(piece)) {
      ids.push_back(*id);
      return;
    }
  }
  constexpr size_t kShort = 64;
  std::vector<Symbol> symbols;
  symbols.reserve(piece.size());
  read_symbols(piece, symbols);
  const bool whole = symbols.size() <= kShort || !options_.continuing_subword_prefix.empty();
  for (size_t begin = 0; begin < symbols.size();) {
    const size_t end = whole ? symbols.size() : cut(symbols, begin);
    merge(std::span(symbols).subspan(begin, end - begin));
    begin = end;
  }
  for (const Symbol& symbol : symbols) {
    if (symbol.size > 0) ids.push_back(symbol.id);
  }
}

}  // namespace flamingo
