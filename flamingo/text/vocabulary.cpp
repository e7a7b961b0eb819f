#include "flamingo/text/vocabulary.h"

#include "flamingo/core/error.h"

namespace flamingo::text {

void Vocabulary::add(const std::string& token, int64_t id, const std::string& where) {
  require(id >= 0 && id < kMaxSize, where, "expected token ids in [0, {}), got {}", kMaxSize, id);
  const auto index = static_cast<size_t>(id);
  if (index >= tokens_.size()) tokens_.resize(index + 1, nullptr);
  require(tokens_[index] == nullptr, where, "expected one token per id, got two with id {}", id);
  const auto [position, is_new] = ids_.emplace(token, static_cast<int32_t>(id));
  require(is_new, where, "expected each token once, got \"{}\" twice", token);
  tokens_[index] = &position->first;
}

std::optional<int32_t> Vocabulary::find(std::string_view token) const {
  const auto found = ids_.find(token);
  if (found == ids_.end()) return std::nullopt;
  return found->second;
}

const std::string* Vocabulary::token(int64_t id) const {
  return id >= 0 && id < size() ? tokens_[static_cast<size_t>(id)] : nullptr;
}

}  // namespace flamingo::text
