#include <array>

#include "flamingo/text/bpe_model.h"
#include "flamingo/text/json_fields.h"
#include "flamingo/text/tokenizer_parts.h"

namespace flamingo::text {
namespace {

/// A special token of a post-processor: its ids.
std::vector<int32_t> template_ids(const Json& tokens, const std::string& name, int64_t size,
                                  const std::string& where) {
  const Json& ids = json_field(json_field(tokens, name.c_str(), where), "ids", where);
  require(ids.is_array(), where, "expected a list of ids, got {}", ids.type_name());
  std::vector<int32_t> out;
  for (const Json& id : ids) {
    const bool fits = id.is_number_unsigned() && id.get<uint64_t>() < static_cast<uint64_t>(size);
    require(fits, where, "expected ids below {}, got {}", size, id);
    out.push_back(id.get<int32_t>());
  }
  return out;
}

/// TemplateProcessing's "single": special tokens around one sequence A.
void read_template(const Json& json, const std::string& where, int64_t size,
                   TokenizerParts& parts) {
  const Json& single = json_field(json, "single", where);
  if (!single.is_array() || single.size() > 64)
    fail(where + ".single", "expected a list of at most 64 items");
  std::vector<int32_t> before;
  std::vector<int32_t> after;
  int sequences = 0;
  for (const Json& item : single) {
    if (!item.is_object() || item.size() != 1)
      fail(where + ".single", "expected one SpecialToken or Sequence per item");
    const std::string id = json_string(*item.begin(), "id", where + ".single");
    if (item.begin().key() == "Sequence") {
      if (id != "A") fail(where + ".single", "expected sequence A, got \"{}\"", id);
      ++sequences;
      continue;
    }
    if (item.begin().key() != "SpecialToken")
      fail(where + ".single", "expected SpecialToken or Sequence, got \"{}\"", item.begin().key());
    const auto ids = template_ids(json_field(json, "special_tokens", where), id, size,
                                  where + ".special_tokens");
    auto& side = sequences == 0 ? before : after;
    side.insert(side.end(), ids.begin(), ids.end());
  }
  if (sequences != 1)
    fail(where + ".single", "expected sequence A once, got it {} times", sequences);
  parts.prefix.insert(parts.prefix.begin(), before.begin(), before.end());
  parts.suffix.insert(parts.suffix.end(), after.begin(), after.end());
}

/// Bert's and RoBERTa's ["token", id].
int32_t pair_id(const Json& json, const char* name, const std::string& where, int64_t size) {
  const Json& pair = json_field(json, name, where);
  const bool fits = pair.is_array() && pair.size() == 2 && pair[1].is_number_unsigned() &&
                    pair[1].get<uint64_t>() < static_cast<uint64_t>(size);
  if (!fits) fail(where + "." + name, "expected [token, id] with an id below {}", size);
  return pair[1].get<int32_t>();
}

void read_post_processor(const Json& json, const std::string& where, int64_t size,
                         TokenizerParts& parts) {
  const std::string type = json_type(json, where);
  if (type == "ByteLevel") return;  // only moves offsets
  if (type == "TemplateProcessing") {
    read_template(json, where, size, parts);
  } else if (type == "BertProcessing" || type == "RobertaProcessing") {
    parts.prefix.insert(parts.prefix.begin(), pair_id(json, "cls", where, size));
    parts.suffix.push_back(pair_id(json, "sep", where, size));
  } else {
    fail(where,
         "expected ByteLevel, TemplateProcessing, BertProcessing, RobertaProcessing or Sequence, "
         "got \"{}\"",
         type);
  }
}

AddedToken read_added_token(const Json& json, const std::string& where) {
  AddedToken token;
  token.content = json_string(json, "content", where);
  token.special = json_bool(json, "special", false, where);
  token.normalized = json_bool(json, "normalized", !token.special, where);
  token.single_word = json_bool(json, "single_word", false, where);
  token.lstrip = json_bool(json, "lstrip", false, where);
  token.rstrip = json_bool(json, "rstrip", false, where);
  return token;
}

/// Ids are given by order, as the peer does: the file's "id" must say the same.
void read_added_tokens(const Json& json, const std::string& where, TokenizerParts& parts) {
  require(json.is_array(), where, "expected a list, got {}", json.type_name());
  for (size_t i = 0; i < json.size(); ++i) {
    const std::string at = where + "[" + std::to_string(i) + "]";
    const int64_t id = json_count(json[i], "id", at);
    if (id >= Vocabulary::kMaxSize)
      fail(at + ".id", "expected an id below {}, got {}", Vocabulary::kMaxSize, id);
    parts.add_token(read_added_token(json[i], at), at);
  }
}

/// A template with one token before the text names BOS. Else the usual names: "</s>" begins texts
/// where nothing else does (OPT), and before "<|endoftext|>", which such a vocabulary may have,
/// too.
void guess_bos_eos(TokenizerParts& parts) {
  constexpr std::array kBos = {"<s>", "<|begin_of_text|>", "<bos>", "</s>", "<|endoftext|>"};
  constexpr std::array kEos = {"</s>", "<|end_of_text|>", "<eos>", "<|endoftext|>"};
  if (parts.prefix.size() == 1) parts.bos_id = parts.prefix.front();
  for (const char* name : kBos) {
    if (!parts.bos_id && parts.added.is_special(name)) parts.bos_id = parts.find(name);
  }
  for (const char* name : kEos) {
    if (!parts.eos_id && parts.added.is_special(name)) parts.eos_id = parts.find(name);
  }
}

/// A field that may be absent, as null.
const Json& optional_field(const Json& json, const char* name) {
  static const Json kNull;
  const auto found = json.find(name);
  return found == json.end() ? kNull : *found;
}

}  // namespace

TokenizerParts read_tokenizer_json(std::string_view text, const std::string& where) {
  const Json json = parse_json(text, where);
  const auto at = [&](const char* name) { return where + ": " + name; };
  TokenizerParts parts;
  parts.model = BpeModel::from_json(json_field(json, "model", where), at("model"));
  parts.normalizer = Normalizer::from_json(optional_field(json, "normalizer"), at("normalizer"));
  parts.pre_tokenizer =
      PreTokenizer::from_json(optional_field(json, "pre_tokenizer"), at("pre_tokenizer"));
  parts.decoder = Decoder::from_json(optional_field(json, "decoder"), at("decoder"));
  if (!json_absent(json, "added_tokens")) {
    read_added_tokens(json["added_tokens"], at("added_tokens"), parts);
  }
  parts.added.build(parts.normalizer);
  const int64_t size = std::max(parts.model->vocabulary().size(), parts.added.max_id() + 1);
  for_each_component(optional_field(json, "post_processor"), "processors", at("post_processor"),
                     [&](const Json& item, const std::string& place) {
                       read_post_processor(item, place, size, parts);
                     });
  guess_bos_eos(parts);
  return parts;
}

}  // namespace flamingo::text
