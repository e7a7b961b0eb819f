#pragma once

#include <array>
#include <memory>
#include <optional>
#include <string>
#include <utility>

#include "flamingo/core/config.h"
#include "flamingo/text/pair_table.h"
#include "flamingo/text/token_model.h"

namespace flamingo::text {

/// Settings of a BPE model, named as in tokenizer.json.
struct BpeOptions {
  std::optional<std::string> unk_token;
  std::string continuing_subword_prefix;
  std::string end_of_word_suffix;
  bool fuse_unk = false;
  bool byte_fallback = false;
  bool ignore_merges = false;
};

/// Byte-pair encoding by an ordered list of merges (Sennrich et al. 2016).
class BpeModel final : public TokenModel {
 public:
  using MergeList = std::vector<std::pair<std::string, std::string>>;

  /// Reads tokenizer.json's "model". Throws Error naming the damaged part.
  static std::shared_ptr<const BpeModel> from_json(const Json& json, const std::string& where);
  /// merges: best first; both parts and their union are tokens. Throws Error otherwise.
  BpeModel(Vocabulary vocabulary, const MergeList& merges, BpeOptions options,
           const std::string& where);
  /// "a b" lines to pairs. Throws Error naming a line without exactly one space.
  static MergeList split_merges(const std::vector<std::string>& lines, const std::string& where);

  void encode(std::string_view piece, std::vector<int32_t>& ids) const override;

 private:
  void add_merge(const std::pair<std::string, std::string>& merge, uint32_t rank,
                 const std::string& where);
  void read_chars(std::string_view piece, std::vector<int32_t>& ids) const;
  std::optional<int32_t> find_char(std::string_view c, char32_t code, bool is_first,
                                   bool is_last) const;
  bool add_bytes(std::string_view c, std::vector<int32_t>& ids) const;
  size_t cut(std::span<const int32_t> ids, size_t begin) const;
  size_t merge(std::span<int32_t> ids, std::vector<Symbol>& symbols) const;

  BpeOptions options_;
  std::optional<int32_t> unk_id_;
  PairTable merges_;
  std::vector<int32_t> char_ids_;                   // tokens of characters below kFastChars, or -1
  std::array<int32_t, 256> byte_ids_;               // tokens of bytes, or -1
  std::vector<std::pair<int32_t, int32_t>> edges_;  // first and last character of each token
  PairTable joins_;                                 // last and first character of merged parts
};

}  // namespace flamingo::text
