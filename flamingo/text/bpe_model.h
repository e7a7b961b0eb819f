#pragma once

#include <memory>
#include <optional>
#include <string>
#include <unordered_set>
#include <utility>

#include "flamingo/core/config.h"
#include "flamingo/text/pair_table.h"
#include "flamingo/text/token_model.h"

namespace flamingo {

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
  void read_symbols(std::string_view piece, std::vector<Symbol>& symbols) const;
  std::optional<int32_t> find_char(std::string_view c, bool is_first, bool is_last) const;
  bool add_bytes(std::string_view c, std::vector<Symbol>& symbols) const;
  void merge(std::span<Symbol> symbols) const;
  size_t cut(std::span<const Symbol> symbols, size_t begin) const;

  BpeOptions options_;
  std::optional<int32_t> unk_id_;
  PairTable merges_;
  std::vector<int32_t> char_ids_;       // tokens of single characters below kFastChars, or -1
  std::unordered_set<uint64_t> joins_;  // last character << 32 | first, of merged parts
};

}  // namespace flamingo
