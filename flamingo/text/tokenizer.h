#pragma once

#include <cstdint>
#include <memory>
#include <optional>
#include <span>
#include <string>
#include <string_view>
#include <vector>

namespace flamingo::io {
class Gguf;
}

namespace flamingo::text {

/// Text <-> token ids: byte-level BPE (GPT-2, SmolLM2, NeoX) and SentencePiece-style BPE with byte
/// fallback (LLaMA), from a Hugging Face tokenizer.json or from GGUF metadata. Linear time in the
/// text. Copies are cheap (shared immutable state).
class Tokenizer {
 public:
  /// Throws Error naming the file and the part that is unknown, damaged or over a limit.
  static Tokenizer from_file(const std::string& path);
  static Tokenizer from_json(std::string_view json, const std::string& where);
  static Tokenizer from_gguf(const io::Gguf& file);

  /// Ids of `text`; special tokens written in the text are recognised. Invalid UTF-8 is replaced by
  /// U+FFFD (one per maximal ill-formed part) first. add_special applies the post-processor's
  /// template (<s> ...).
  std::vector<int32_t> encode(std::string_view text, bool add_special = false) const;
  /// Like encode, but special tokens in the text are ordinary characters (text from users).
  std::vector<int32_t> encode_plain(std::string_view text) const;
  /// Text of `ids`; unknown ids are skipped.
  std::string decode(std::span<const int32_t> ids, bool skip_special = false) const;

  /// Ids run over [0, vocab_size), added tokens included.
  int64_t vocab_size() const;
  std::optional<int32_t> token_to_id(std::string_view token) const;
  std::string id_to_token(int32_t id) const;
  bool is_special(int32_t id) const;
  std::optional<int32_t> bos_id() const;
  std::optional<int32_t> eos_id() const;
  /// Sentences about what the file leaves open and was guessed; a program shows them to its user.
  const std::vector<std::string>& warnings() const;

  /// Whether decode(ids) stays the beginning of decode() of any longer list, as at the end of a
  /// whole UTF-8 character or byte-token run.
  bool is_closed(std::span<const int32_t> ids, bool skip_special = false) const;

  /// A copy that also knows `token` as a special token with the next free id (or its own, if
  /// known).
  Tokenizer with_special_token(const std::string& token) const;

 private:
  struct Impl;
  explicit Tokenizer(std::shared_ptr<const Impl> impl) : impl_(std::move(impl)) {}
  std::shared_ptr<const Impl> impl_;
};

/// Turns a stream of ids into text pieces that end on whole UTF-8 characters.
/// `tokenizer` must outlive the decoder.
class StreamDecoder {
 public:
  explicit StreamDecoder(const Tokenizer& tokenizer, bool skip_special = true);
  /// Text that became final with this id (may be empty).
  std::string push(int32_t id);
  /// What is left at the end.
  std::string finish();

 private:
  const Tokenizer& tokenizer_;
  bool skip_special_;
  std::vector<int32_t> ids_;
  size_t emitted_ = 0;
};

}  // namespace flamingo::text
