#pragma once

#include <memory>
#include <optional>
#include <vector>

#include "flamingo/text/added_tokens.h"
#include "flamingo/text/decoder.h"
#include "flamingo/text/normalizer.h"
#include "flamingo/text/pre_tokenizer.h"
#include "flamingo/text/token_model.h"
#include "flamingo/text/tokenizer.h"

namespace flamingo::text {

/// The stages of a tokenizer, in the order text passes them, and what its loaders fill in.
struct TokenizerParts {
  AddedTokens added;
  Normalizer normalizer;
  PreTokenizer pre_tokenizer;
  std::shared_ptr<const TokenModel> model;
  std::vector<int32_t> prefix;  ///< ids before the text with add_special
  std::vector<int32_t> suffix;  ///< ids after it
  Decoder decoder;
  std::optional<int32_t> bos_id;
  std::optional<int32_t> eos_id;
  std::vector<std::string> warnings;  ///< see Tokenizer::warnings

  /// The id of an added token or else of the vocabulary.
  std::optional<int32_t> find(std::string_view token) const;
  /// Null for an id without a token.
  const std::string* token(int32_t id) const;
  /// Adds `token` under its own id if it has one, else under the next free id (not below the number
  /// of tokens of the model). Throws Error naming `where` when ids run out.
  void add_token(AddedToken token, const std::string& where);
};

/// Reads a tokenizer.json. Throws Error naming the part that is unknown or damaged.
TokenizerParts read_tokenizer_json(std::string_view json, const std::string& where);
/// Reads GGUF metadata. Throws Error naming the key.
TokenizerParts read_tokenizer_gguf(const io::Gguf& file);

}  // namespace flamingo::text
