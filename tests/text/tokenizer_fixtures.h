#pragma once

#include <functional>
#include <map>
#include <sstream>
#include <string>
#include <vector>

#include "flamingo/core/config.h"
#include "flamingo/text/tokenizer.h"
#include "tests/io/byte_builder.h"

namespace flamingo::testing {

inline std::string tokenizer_path(const std::string& name) {
  return golden("tokenizers/" + name + "/tokenizer.json");
}

/// Read once: under the sanitizers it takes seconds.
inline const text::Tokenizer& golden_tokenizer(const std::string& name) {
  static std::map<std::string, text::Tokenizer> known;
  const auto found = known.find(name);
  if (found != known.end()) return found->second;
  return known.emplace(name, text::Tokenizer::from_file(tokenizer_path(name))).first->second;
}

/// Calls visit(line as JSON) for each line of a golden .jsonl file.
inline void for_each_json_line(const std::string& path,
                               const std::function<void(const Json&)>& visit) {
  std::istringstream lines(golden_bytes(path));
  std::string line;
  while (std::getline(lines, line)) visit(Json::parse(line));
}

/// A tokenizer.json with byte-level characters a, b, c, the merge "ab", and what `changes` says on
/// top.
inline Json small_tokenizer(const Json& changes = Json::object()) {
  Json json = {{"added_tokens", Json::array()},
               {"model",
                {{"type", "BPE"},
                 {"vocab", {{"a", 0}, {"b", 1}, {"c", 2}, {"ab", 3}, {"<unk>", 4}}},
                 {"merges", {"a b"}},
                 {"unk_token", "<unk>"}}}};
  json.merge_patch(changes);
  return json;
}

inline text::Tokenizer parse_tokenizer(const Json& json) {
  return text::Tokenizer::from_json(json.dump(), "tokenizer.json");
}

/// Writes GGUF metadata by hand.
class GgufBuilder {
 public:
  GgufBuilder& string(const std::string& key, const std::string& value) {
    head(key, 8).counted(value);
    return *this;
  }
  GgufBuilder& boolean(const std::string& key, bool value) {
    head(key, 7).number<uint8_t>(value ? 1 : 0);
    return *this;
  }
  GgufBuilder& integer(const std::string& key, uint32_t value) {
    head(key, 4).number<uint32_t>(value);
    return *this;
  }
  GgufBuilder& strings(const std::string& key, const std::vector<std::string>& values) {
    head(key, 9).number<uint32_t>(8).number<uint64_t>(values.size());
    for (const std::string& value : values) body_.counted(value);
    return *this;
  }
  GgufBuilder& floats(const std::string& key, const std::vector<float>& values) {
    head(key, 9).number<uint32_t>(6).number<uint64_t>(values.size());
    for (const float value : values) body_.number<float>(value);
    return *this;
  }
  GgufBuilder& integers(const std::string& key, const std::vector<int32_t>& values) {
    head(key, 9).number<uint32_t>(5).number<uint64_t>(values.size());
    for (const int32_t value : values) body_.number<int32_t>(value);
    return *this;
  }
  std::string bytes() const {
    return ByteBuilder()
        .text("GGUF")
        .number<uint32_t>(3)
        .number<uint64_t>(0)
        .number<uint64_t>(count_)
        .text(body_.str())
        .pad_to(32)
        .str();
  }

 private:
  ByteBuilder& head(const std::string& key, uint32_t type) {
    ++count_;
    return body_.counted(key).number<uint32_t>(type);
  }

  uint64_t count_ = 0;
  ByteBuilder body_;
};

}  // namespace flamingo::testing
