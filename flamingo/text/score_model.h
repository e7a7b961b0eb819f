#pragma once

#include <string>
#include <unordered_set>

#include "flamingo/text/merge.h"
#include "flamingo/text/token_model.h"

namespace flamingo {

/// SentencePiece's BPE: neighbours merge when their text is a token, highest score first; what
/// stays unknown becomes byte tokens, or one unknown token per run.
class ScoreModel final : public TokenModel {
 public:
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
  void add_joins(std::string_view token);
  std::vector<Symbol> read_symbols(std::string_view piece) const;
  size_t cut(std::string_view piece, const std::vector<Symbol>& symbols, size_t begin) const;
  void add_bytes(std::string_view text, std::vector<int32_t>& ids) const;

  TextMap<Merge> mergeable_;            // rank 0 is the highest score
  std::unordered_set<uint64_t> joins_;  // pairs of neighbouring characters inside tokens
  size_t longest_ = 0;                  // bytes of the longest token
  std::vector<int32_t> bytes_;          // token of each byte, or -1
  std::optional<int32_t> unk_id_;
};

}  // namespace flamingo
