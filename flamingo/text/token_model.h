#pragma once

#include <cstdint>
#include <string_view>
#include <vector>

#include "flamingo/text/vocabulary.h"

namespace flamingo::text {

/// The third stage of a tokenizer: one piece of text to ids by merging neighbours.
class TokenModel {
 public:
  TokenModel() = default;
  TokenModel(const TokenModel&) = delete;
  TokenModel& operator=(const TokenModel&) = delete;
  virtual ~TokenModel() = default;

  /// Appends the ids of `piece` (well-formed UTF-8) to `ids`.
  virtual void encode(std::string_view piece, std::vector<int32_t>& ids) const = 0;

  const Vocabulary& vocabulary() const { return vocabulary_; }

 protected:
  Vocabulary vocabulary_;
};

}  // namespace flamingo::text
