#pragma once

#include <string>
#include <vector>

#include "flamingo/text/pair_table.h"
#include "flamingo/text/token_model.h"

namespace flamingo::text {

/// SentencePiece's BPE: neighbours merge when their text is a token, highest score first; what
/// stays unknown becomes byte tokens, or one unknown token per run.
class ScoreModel final : public TokenModel {
 public:
  /// An entry of the vocabulary.
  struct Token {
    std::string text;
    double score = 0.0;
    bool merges = true;  ///< false for control, unknown and byte tokens
  };

  /// tokens by id. Throws Error naming `where` on a damaged list.
  ScoreModel(const std::vector<Token>& tokens, std::optional<int32_t> unk_id,
             const std::string& where);

  void encode(std::string_view piece, std::vector<int32_t>& ids) const override;

 private:
  struct Stretch;
  class PairCache;

  void add_joins(std::string_view token);
  int32_t char_id(std::string_view c, char32_t code) const;
  size_t read_stretch(std::string_view piece, size_t pos, Stretch& stretch) const;
  void merge(std::string_view piece, Stretch& stretch, PairCache& cache) const;
  void add_bytes(std::string_view text, std::vector<int32_t>& ids) const;

  TextMap<Merge> mergeable_;       // rank 0 is the highest score
  PairTable joins_;                // neighbouring characters inside tokens
  size_t longest_ = 0;             // bytes of the longest token
  std::vector<int32_t> char_ids_;  // tokens of characters below kFastChars, or -1
  std::vector<int32_t> bytes_;     // token of each byte, or -1
  std::optional<int32_t> unk_id_;
};

}  // namespace flamingo::text
