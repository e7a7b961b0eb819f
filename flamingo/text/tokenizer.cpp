#include "flamingo/text/tokenizer.h"

#include <filesystem>

#include "flamingo/core/file.h"
#include "flamingo/text/tokenizer_parts.h"
#include "flamingo/text/unicode.h"

namespace flamingo::text {
namespace {

constexpr uint64_t kMaxFile = uint64_t{256} << 20;
constexpr size_t kMaxText = size_t{1} << 30;

/// "bos_token" or "eos_token" of a tokenizer_config.json: a string or {"content": string}.
std::optional<std::string> config_token(const Json& config, const char* name) {
  const auto found = config.find(name);
  if (found == config.end()) return std::nullopt;
  if (found->is_string()) return found->get<std::string>();
  const auto content = found->is_object() ? found->find("content") : found->end();
  if (!found->is_object() || content == found->end() || !content->is_string()) return std::nullopt;
  return content->get<std::string>();
}

/// tokenizer.json does not say which tokens begin and end a text; the file beside it may.
void read_config_beside(const std::string& path, TokenizerParts& parts) {
  const auto beside = std::filesystem::path(path).parent_path() / "tokenizer_config.json";
  std::error_code error;
  if (!std::filesystem::is_regular_file(beside, error)) return;
  const Json config = read_json_file(beside.string());
  if (!config.is_object()) return;
  if (const auto bos = config_token(config, "bos_token")) parts.bos_id = parts.find(*bos);
  if (const auto eos = config_token(config, "eos_token")) parts.eos_id = parts.find(*eos);
}

}  // namespace

std::optional<int32_t> TokenizerParts::find(std::string_view token) const {
  if (const AddedToken* found = added.find(token)) return found->id;
  return model->vocabulary().find(token);
}

const std::string* TokenizerParts::token(int32_t id) const {
  if (const AddedToken* found = added.find(id)) return &found->content;
  return model->vocabulary().token(id);
}

void TokenizerParts::add_token(AddedToken token, const std::string& where) {
  const auto known = find(token.content);
  const int64_t next = std::max(model->vocabulary().num_tokens(), added.max_id() + 1);
  require(known.has_value() || next < Vocabulary::kMaxSize, where,
          "expected at most {} tokens, got more", Vocabulary::kMaxSize);
  token.id = known ? *known : static_cast<int32_t>(next);
  added.add(token, where);
}

struct Tokenizer::Impl {
  TokenizerParts parts;

  void encode(std::string_view text, bool plain, std::vector<int32_t>& ids) const;
  void encode_stretch(std::string_view text, bool at_start, bool plain,
                      std::vector<int32_t>& ids) const;
  /// Strings of `ids`, without unknown ids and (with skip_special) special tokens.
  std::vector<std::string> strings(std::span<const int32_t> ids, bool skip_special) const;
};

void Tokenizer::Impl::encode_stretch(std::string_view text, bool at_start, bool plain,
                                     std::vector<int32_t>& ids) const {
  const std::string normal = parts.normalizer.apply(text);
  parts.added.split_normalized(
      normal, plain, [&](std::string_view stretch, const AddedToken* token) {
        if (token != nullptr) {
          ids.push_back(token->id);
          return;
        }
        const bool first = at_start && stretch.data() == normal.data();
        parts.pre_tokenizer.split(stretch, first,
                                  [&](std::string_view piece) { parts.model->encode(piece, ids); });
      });
}

void Tokenizer::Impl::encode(std::string_view text, bool plain, std::vector<int32_t>& ids) const {
  require(text.size() <= kMaxText, "text", "expected at most {} bytes, got {}", kMaxText,
          text.size());
  const std::string valid = repair_utf8(text);
  parts.added.split_raw(valid, plain, [&](std::string_view stretch, const AddedToken* token) {
    if (token != nullptr) {
      ids.push_back(token->id);
    } else {
      encode_stretch(stretch, stretch.data() == valid.data(), plain, ids);
    }
  });
}

std::vector<std::string> Tokenizer::Impl::strings(std::span<const int32_t> ids,
                                                  bool skip_special) const {
  std::vector<std::string> tokens;
  tokens.reserve(ids.size());
  for (const int32_t id : ids) {
    const std::string* token = parts.token(id);
    if (token == nullptr || (skip_special && parts.added.is_special(*token))) continue;
    tokens.push_back(*token);
  }
  return tokens;
}

Tokenizer Tokenizer::from_file(const std::string& path) {
  TokenizerParts parts = read_tokenizer_json(read_file(path, kMaxFile), path);
  read_config_beside(path, parts);
  return Tokenizer(std::make_shared<const Impl>(Impl{std::move(parts)}));
}

Tokenizer Tokenizer::from_json(std::string_view json, const std::string& where) {
  return Tokenizer(std::make_shared<const Impl>(Impl{read_tokenizer_json(json, where)}));
}

Tokenizer Tokenizer::from_gguf(const io::Gguf& file) {
  return Tokenizer(std::make_shared<const Impl>(Impl{read_tokenizer_gguf(file)}));
}

std::vector<int32_t> Tokenizer::encode(std::string_view text, bool add_special) const {
  std::vector<int32_t> ids;
  if (add_special) ids = impl_->parts.prefix;
  impl_->encode(text, false, ids);
  if (add_special) {
    ids.insert(ids.end(), impl_->parts.suffix.begin(), impl_->parts.suffix.end());
  }
  return ids;
}

std::vector<int32_t> Tokenizer::encode_plain(std::string_view text) const {
  std::vector<int32_t> ids;
  impl_->encode(text, true, ids);
  return ids;
}

std::string Tokenizer::decode(std::span<const int32_t> ids, bool skip_special) const {
  return impl_->parts.decoder.decode(impl_->strings(ids, skip_special));
}

int64_t Tokenizer::vocab_size() const {
  return std::max(impl_->parts.model->vocabulary().size(), impl_->parts.added.max_id() + 1);
}

std::optional<int32_t> Tokenizer::token_to_id(std::string_view token) const {
  return impl_->parts.find(token);
}

std::string Tokenizer::id_to_token(int32_t id) const {
  const std::string* token = impl_->parts.token(id);
  return token == nullptr ? std::string() : *token;
}

bool Tokenizer::is_special(int32_t id) const {
  const AddedToken* token = impl_->parts.added.find(id);
  return token != nullptr && token->special;
}

std::optional<int32_t> Tokenizer::bos_id() const { return impl_->parts.bos_id; }
std::optional<int32_t> Tokenizer::eos_id() const { return impl_->parts.eos_id; }
const std::vector<std::string>& Tokenizer::warnings() const { return impl_->parts.warnings; }

Tokenizer Tokenizer::with_special_token(const std::string& token) const {
  TokenizerParts parts = impl_->parts;
  AddedToken added;
  added.content = token;
  added.special = true;
  parts.add_token(added, "with_special_token");
  parts.added.build(parts.normalizer);
  return Tokenizer(std::make_shared<const Impl>(Impl{std::move(parts)}));
}

bool Tokenizer::is_closed(std::span<const int32_t> ids, bool skip_special) const {
  return impl_->parts.decoder.is_closed(impl_->strings(ids, skip_special));
}

StreamDecoder::StreamDecoder(const Tokenizer& tokenizer, bool skip_special)
    : tokenizer_(tokenizer), skip_special_(skip_special) {}

std::string StreamDecoder::push(int32_t id) {
  ids_.push_back(id);
  if (!tokenizer_.is_closed(ids_, skip_special_)) return {};
  const std::string text = finish();
  // The last token stays as context, since a decoder may treat the first token of a list
  // differently.
  if (!text.empty()) ids_ = {id};
  emitted_ = tokenizer_.decode(ids_, skip_special_).size();
  return text;
}

std::string StreamDecoder::finish() {
  const std::string text = tokenizer_.decode(ids_, skip_special_);
  std::string rest = text.size() > emitted_ ? text.substr(emitted_) : std::string();
  emitted_ = text.size();
  return rest;
}

}  // namespace flamingo::text
