#pragma once

#include <cstdint>
#include <optional>
#include <string>
#include <string_view>
#include <unordered_map>
#include <vector>

namespace flamingo::text {

/// Hashes strings and views alike, so that a map of strings can be asked with a view.
struct TextHash {
  using is_transparent = void;
  size_t operator()(std::string_view text) const { return std::hash<std::string_view>{}(text); }
};

/// A hash map by text that is looked up by string_view.
template <class Value>
using TextMap = std::unordered_map<std::string, Value, TextHash, std::equal_to<>>;

/// Token strings and their ids; ids may have gaps.
class Vocabulary {
 public:
  Vocabulary() = default;
  Vocabulary(Vocabulary&&) = default;
  Vocabulary& operator=(Vocabulary&&) = default;

  /// Ids lie in [0, kMaxSize).
  static constexpr int64_t kMaxSize = int64_t{4} << 20;

  /// Throws Error naming `where`: an id outside [0, kMaxSize) or used twice, a token that has one
  /// already.
  void add(const std::string& token, int64_t id, const std::string& where);

  std::optional<int32_t> find(std::string_view token) const;
  /// Null for an id without a token.
  const std::string* token(int64_t id) const;
  /// Largest id + 1.
  int64_t size() const { return static_cast<int64_t>(tokens_.size()); }
  /// Number of tokens, at most size().
  int64_t num_tokens() const { return static_cast<int64_t>(ids_.size()); }

 private:
  TextMap<int32_t> ids_;
  std::vector<const std::string*> tokens_;  // keys of ids_, which stay where they are
};

}  // namespace flamingo::text
