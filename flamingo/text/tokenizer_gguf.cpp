#include <algorithm>
#include <array>

#include "flamingo/io/gguf.h"
#include "flamingo/text/bpe_model.h"
#include "flamingo/text/score_model.h"
#include "flamingo/text/tokenizer_parts.h"
#include "flamingo/text/unicode.h"

namespace flamingo::text {
namespace {

// Values of tokenizer.ggml.token_type.
enum TokenType : int64_t {
  kNormal = 1,
  kUnknown = 2,
  kControl = 3,
  kUserDefined = 4,
  kUnused = 5,
  kByte = 6,
};

const std::string kPrefix = "tokenizer.ggml.";

bool bool_or(const io::Gguf& file, const std::string& key, bool fallback) {
  const auto found = file.metadata().find(key);
  if (found == file.metadata().end()) return fallback;
  const bool* value = std::get_if<bool>(&found->second);
  require(value != nullptr, key, "expected true or false, got {}", io::gguf_kind(found->second));
  return *value;
}

/// A list with one number per token; absent gives `size` times `fallback`.
template <class Number>
std::vector<Number> numbers(const io::Gguf& file, const std::string& key, size_t size,
                            Number fallback) {
  const auto found = file.metadata().find(key);
  if (found == file.metadata().end()) return std::vector<Number>(size, fallback);
  const auto* list = std::get_if<std::vector<Number>>(&found->second);
  require(list != nullptr, key, "expected a list of numbers, got {}", io::gguf_kind(found->second));
  require(list->size() == size, key, "expected {} items, one per token, got {}", size,
          list->size());
  return *list;
}

/// The id stored under `key`, if any. Throws Error when it is no token.
std::optional<int32_t> id_at(const io::Gguf& file, const std::string& name, size_t size) {
  const auto id = file.get_int(kPrefix + name);
  if (!id) return std::nullopt;
  if (*id < 0 || static_cast<size_t>(*id) >= size)
    fail(kPrefix + name, "expected an id below {}, got {}", size, *id);
  return static_cast<int32_t>(*id);
}

/// `text` fit for a line on a terminal.
std::string printable(const std::string& text) {
  std::string out = text.substr(0, 100);
  std::replace_if(
      out.begin(), out.end(), [](char c) { return c < ' ' || c > '~'; }, '?');
  return out;
}

/// The token list and what goes with it.
struct TokenList {
  const std::vector<std::string>& tokens;
  std::vector<int64_t> types;
};

TokenList read_tokens(const io::Gguf& file) {
  const std::vector<std::string>& tokens = file.strings_at(kPrefix + "tokens");
  if (tokens.size() >= static_cast<size_t>(Vocabulary::kMaxSize))
    fail(kPrefix + "tokens", "expected fewer tokens, got {}", tokens.size());
  for (const std::string& token : tokens) {
    if (repair_utf8(token) != token) fail(kPrefix + "tokens", "expected UTF-8, got other bytes");
  }
  return {tokens, numbers<int64_t>(file, kPrefix + "token_type", tokens.size(), kNormal)};
}

// What llama.cpp takes from the name besides the pattern.
constexpr std::array kAddsBos = {"llama-bpe", "llama3",    "llama-v3",    "falcon3",
                                 "falcon-h1", "pixtral",   "midm-2.0",    "lfm2",
                                 "tekken",    "chameleon", "jina-v5-nano"};
constexpr std::array kIgnoreMerges = {
    "llama-bpe", "llama3",   "llama-v3", "falcon3",      "falcon-h1",
    "pixtral",   "midm-2.0", "lfm2",     "jina-v5-nano", "glm4",
    "glm5",      "minicpm5", "youtu",    "tekken",       "granite-embed-multi-97m"};

template <size_t N>
bool is_one_of(const std::string& name, const std::array<const char*, N>& names) {
  return std::find(names.begin(), names.end(), name) != names.end();
}

/// What the file calls its pre-tokenizer; empty: nothing.
std::string pre_name(const io::Gguf& file) { return file.get_string(kPrefix + "pre").value_or(""); }

/// The name of the pre-tokenizer to use. Files without one, or with one that is not here, get
/// "default" and a warning: their text is probably cut in other places than in training.
std::string read_pre(const io::Gguf& file, std::vector<std::string>& warnings) {
  using Name = PreTokenizer::GgufName;
  const std::string pre = pre_name(file);
  const Name name = pre.empty() ? Name::kUnknown : PreTokenizer::gguf_name(pre);
  if (name == Name::kKnown) return pre;
  if (name == Name::kRawBytes)
    fail(kPrefix + "pre", "expected a byte-level vocabulary, got that of \"{}\"", pre);
  const std::string quoted = "the GGUF's pre-tokenizer \"" + printable(pre) + "\" is ";
  std::string what = quoted + "unknown";
  if (name == Name::kForeign) what = quoted + "not one of this program's";
  if (pre.empty()) what = "the GGUF names no pre-tokenizer (tokenizer.ggml.pre)";
  warnings.push_back(what + ", \"default\" is taken: generation quality will be degraded" +
                     (name == Name::kForeign ? "" : "; convert the model again"));
  return "default";
}

void read_bpe(const io::Gguf& file, const TokenList& list, TokenizerParts& parts) {
  Vocabulary vocabulary;
  for (size_t id = 0; id < list.tokens.size(); ++id) {
    vocabulary.add(list.tokens[id], static_cast<int64_t>(id), kPrefix + "tokens");
  }
  const auto merges =
      BpeModel::split_merges(file.strings_at(kPrefix + "merges"), kPrefix + "merges");
  BpeOptions options;
  const std::string pre = read_pre(file, parts.warnings);
  options.ignore_merges = is_one_of(pre_name(file), kIgnoreMerges);
  parts.model = std::make_shared<BpeModel>(std::move(vocabulary), merges, options, kPrefix);
  parts.pre_tokenizer = PreTokenizer::from_gguf_name(pre, kPrefix + "pre");
  parts.decoder = Decoder::byte_level();
}

/// llama.cpp's default for both ends of a text in byte-level vocabularies.
constexpr int32_t kFalconEnd = 11;

/// The id stored under `key`, else llama.cpp's `fallback` for this kind of vocabulary where that is
/// a control token (or the unknown one).
std::optional<int32_t> id_or(const io::Gguf& file, const std::string& name, const TokenList& list,
                             int32_t fallback) {
  const size_t size = list.tokens.size();
  if (const auto id = id_at(file, name, size)) return id;
  if (static_cast<size_t>(fallback) >= size) return std::nullopt;
  const int64_t type = list.types[static_cast<size_t>(fallback)];
  return type == kControl || type == kUnknown ? std::optional(fallback) : std::nullopt;
}

void read_scores(const io::Gguf& file, const TokenList& list, TokenizerParts& parts) {
  const size_t size = list.tokens.size();
  const auto scores = numbers<double>(file, kPrefix + "scores", size, 0.0);
  std::vector<ScoreModel::Token> tokens;
  tokens.reserve(size);
  for (size_t id = 0; id < size; ++id) {
    const int64_t type = list.types[id];
    tokens.push_back({list.tokens[id], scores[id], type == kNormal || type == kUserDefined});
  }
  const auto unk_id = id_or(file, "unknown_token_id", list, 0);
  parts.model = std::make_shared<ScoreModel>(tokens, unk_id, kPrefix + "tokens");
  const bool prefix = bool_or(file, kPrefix + "add_space_prefix", true);
  parts.normalizer = Normalizer::llama(prefix);
  parts.decoder = Decoder::llama(prefix);
}

void add_special_tokens(const TokenList& list, TokenizerParts& parts) {
  for (size_t id = 0; id < list.tokens.size(); ++id) {
    const int64_t type = list.types[id];
    if (type != kControl && type != kUserDefined && type != kUnknown) continue;
    AddedToken token;
    token.content = list.tokens[id];
    token.special = type != kUserDefined;
    parts.add_token(token, kPrefix + "tokens");
  }
}

}  // namespace

TokenizerParts read_tokenizer_gguf(const io::Gguf& file) {
  const TokenList list = read_tokens(file);
  const std::string model = file.string_at(kPrefix + "model");
  TokenizerParts parts;
  if (model == "gpt2") {
    read_bpe(file, list, parts);
  } else {
    if (model != "llama") fail(kPrefix + "model", "expected gpt2 or llama, got \"{}\"", model);
    read_scores(file, list, parts);
  }
  add_special_tokens(list, parts);
  parts.added.build(parts.normalizer);
  const bool is_llama = model == "llama";
  parts.bos_id = id_or(file, "bos_token_id", list, is_llama ? 1 : kFalconEnd);
  parts.eos_id = id_or(file, "eos_token_id", list, is_llama ? 2 : kFalconEnd);
  const bool adds_bos = is_llama || is_one_of(pre_name(file), kAddsBos);
  if (bool_or(file, kPrefix + "add_bos_token", adds_bos) && parts.bos_id) {
    parts.prefix.push_back(*parts.bos_id);
  }
  if (bool_or(file, kPrefix + "add_eos_token", false) && parts.eos_id) {
    parts.suffix.push_back(*parts.eos_id);
  }
  return parts;
}

}  // namespace flamingo::text
