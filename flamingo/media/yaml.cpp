#include "flamingo/media/yaml.h"

#include <yaml-cpp/eventhandler.h>
#include <yaml-cpp/exceptions.h>
#include <yaml-cpp/parser.h>

#include <charconv>
#include <initializer_list>
#include <limits>
#include <map>
#include <optional>
#include <sstream>
#include <utility>
#include <vector>

#include "flamingo/core/error.h"
#include "flamingo/core/file.h"

namespace flamingo::media {
namespace {

constexpr size_t kMaxBytes = size_t{1} << 20;
constexpr size_t kMaxDepth = 64;
constexpr int64_t kMaxValues = 100'000;

bool is_any_of(std::string_view text, std::initializer_list<const char*> words) {
  for (const char* word : words) {
    if (text == word) return true;
  }
  return false;
}

std::optional<int64_t> parse_digits(std::string_view digits, int base) {
  int64_t value = 0;
  const char* end = digits.data() + digits.size();
  const auto [stop, error] = std::from_chars(digits.data(), end, value, base);
  if (digits.empty() || error != std::errc() || stop != end) return std::nullopt;
  return value;
}

/// [-+]? [0-9]+ | 0o [0-7]+ | 0x [0-9a-fA-F]+
std::optional<int64_t> parse_int(std::string_view text) {
  for (const auto& [prefix, base] : {std::pair("0o", 8), std::pair("0x", 16)}) {
    if (!text.starts_with(prefix)) continue;
    const std::string_view digits = text.substr(2);
    return digits.starts_with('-') ? std::nullopt : parse_digits(digits, base);
  }
  if (text.starts_with('+')) {
    text.remove_prefix(1);
    if (text.starts_with('-')) return std::nullopt;
  }
  return parse_digits(text, 10);
}

/// [-+]? ( \. [0-9]+ | [0-9]+ ( \. [0-9]* )? ) ( [eE] [-+]? [0-9]+ )? | [-+]? \.inf | \.nan
std::optional<double> parse_float(std::string_view text) {
  if (is_any_of(text, {".nan", ".NaN", ".NAN"})) return std::numeric_limits<double>::quiet_NaN();
  const bool negative = text.starts_with('-');
  if (negative || text.starts_with('+')) text.remove_prefix(1);
  const double sign = negative ? -1.0 : 1.0;
  if (is_any_of(text, {".inf", ".Inf", ".INF"})) {
    return sign * std::numeric_limits<double>::infinity();
  }
  const bool is_number = text.find_first_not_of("0123456789.eE+-") == std::string_view::npos &&
                         text.find_first_of("0123456789.") == 0;
  if (!is_number) return std::nullopt;
  double value = 0;
  const char* end = text.data() + text.size();
  const auto [stop, error] = std::from_chars(text.data(), end, value);
  if (error != std::errc() || stop != end) return std::nullopt;
  return sign * value;
}

Json plain_scalar(const std::string& text) {
  if (is_any_of(text, {"", "~", "null", "Null", "NULL"})) return nullptr;
  if (is_any_of(text, {"true", "True", "TRUE"})) return true;
  if (is_any_of(text, {"false", "False", "FALSE"})) return false;
  if (const auto value = parse_int(text)) return *value;
  if (const auto value = parse_float(text)) return *value;
  return text;
}

/// Builds JSON from the parser's events, so that the limits hold while it parses.
class Builder : public YAML::EventHandler {
 public:
  explicit Builder(std::string where) : where_(std::move(where)) {}

  Json take() { return std::move(root_); }

  void OnDocumentStart(const YAML::Mark&) override {}
  void OnDocumentEnd() override {}
  void OnNull(const YAML::Mark& mark, YAML::anchor_t anchor) override {
    charge(mark, 1);
    add(mark, anchor, nullptr, 1);
  }
  void OnAlias(const YAML::Mark& mark, YAML::anchor_t anchor) override {
    const auto it = anchored_.find(anchor);
    require(it != anchored_.end(), at(mark),
            "expected an alias of a finished value, got one of a key or of the value around it");
    charge(mark, it->second.count);
    add(mark, YAML::NullAnchor, it->second.value, it->second.count);
  }
  void OnScalar(const YAML::Mark& mark, const std::string& tag, YAML::anchor_t anchor,
                const std::string& text) override {
    if (wants_key()) return set_key(mark, text);
    const bool quoted = tag == "!" || tag == "tag:yaml.org,2002:str";
    require(quoted || tag.empty() || tag == "?", at(mark), "expected a value without a tag, got {}",
            tag);
    charge(mark, 1);
    add(mark, anchor, quoted ? Json(text) : plain_scalar(text), 1);
  }
  void OnSequenceStart(const YAML::Mark& mark, const std::string& tag, YAML::anchor_t anchor,
                       YAML::EmitterStyle::value) override {
    open(mark, tag, anchor, Json::array());
  }
  void OnSequenceEnd() override { close(); }
  void OnMapStart(const YAML::Mark& mark, const std::string& tag, YAML::anchor_t anchor,
                  YAML::EmitterStyle::value) override {
    open(mark, tag, anchor, Json::object());
  }
  void OnMapEnd() override { close(); }

 private:
  struct Anchored {
    Json value;
    int64_t count;  ///< values inside, itself included
  };
  /// A list or map that is being filled.
  struct Level {
    YAML::Mark mark;
    YAML::anchor_t anchor;
    Json value;
    int64_t count = 1;
    std::optional<std::string> key{};
  };

  std::string at(const YAML::Mark& mark) const {
    return where_ + ":" + std::to_string(mark.line + 1);
  }

  void charge(const YAML::Mark& mark, int64_t count) {
    total_ += count;
    require(total_ <= kMaxValues, at(mark), "expected at most {} values, got more", kMaxValues);
  }

  bool wants_key() const {
    return !levels_.empty() && levels_.back().value.is_object() && !levels_.back().key;
  }

  void set_key(const YAML::Mark& mark, const std::string& key) {
    require(!levels_.back().value.contains(key), at(mark), "expected each key once, got {} again",
            key);
    levels_.back().key = key;
  }

  void open(const YAML::Mark& mark, const std::string& tag, YAML::anchor_t anchor, Json empty) {
    require(tag.empty() || tag == "?" || tag == "!", at(mark),
            "expected a value without a tag, got {}", tag);
    require(!wants_key(), at(mark), "expected keys that are words, got {}", empty.type_name());
    require(levels_.size() < kMaxDepth, at(mark), "expected at most {} levels, got more",
            kMaxDepth);
    charge(mark, 1);
    levels_.push_back({mark, anchor, std::move(empty)});
  }

  void close() {
    Level level = std::move(levels_.back());
    levels_.pop_back();
    add(level.mark, level.anchor, std::move(level.value), level.count);
  }

  void add(const YAML::Mark& mark, YAML::anchor_t anchor, Json value, int64_t count) {
    require(!wants_key(), at(mark), "expected keys that are words, got {}", value.type_name());
    if (anchor != YAML::NullAnchor) anchored_[anchor] = {value, count};
    if (levels_.empty()) {
      root_ = std::move(value);
      return;
    }
    Level& level = levels_.back();
    level.count += count;
    if (level.value.is_array()) {
      level.value.push_back(std::move(value));
    } else {
      level.value[*level.key] = std::move(value);
      level.key.reset();
    }
  }

  std::string where_;
  Json root_;
  std::vector<Level> levels_;
  std::map<YAML::anchor_t, Anchored> anchored_;
  int64_t total_ = 0;
};

}  // namespace

Json parse_yaml(std::string_view text, std::string_view where) {
  require(text.size() <= kMaxBytes, where, "expected at most 1 MiB of YAML, got {} bytes",
          text.size());
  std::istringstream stream{std::string(text)};
  try {
    YAML::Parser parser(stream);
    Builder builder{std::string(where)};
    require(parser.HandleNextDocument(builder), where, "expected a YAML document, got none");
    Builder rest{std::string(where)};
    require(!parser.HandleNextDocument(rest), where, "expected one YAML document, got more");
    return builder.take();
  } catch (const YAML::Exception& error) {
    fail(std::string(where) + ":" + std::to_string(error.mark.line + 1), "expected YAML, got: {}",
         error.msg);
  }
}

Json read_yaml_file(const std::string& path) {
  return parse_yaml(read_file(path, kMaxBytes), path);
}

}  // namespace flamingo::media
