#include "flamingo/core/config.h"

#include <algorithm>

#include "flamingo/core/describe.h"
#include "flamingo/core/file.h"
#include "flamingo/core/utf8.h"

namespace flamingo {

std::string MessageText<Json>::of(const Json& json) {
  constexpr size_t kLongest = 60;
  std::string text = json.dump(-1, ' ', /*ensure_ascii=*/true, Json::error_handler_t::replace);
  return text.size() <= kLongest ? text : text.substr(0, kLongest - 3) + "...";
}

void detail::Reader::finish() const {
  for (const auto& [key, value] : json.items()) {
    if (std::find(known.begin(), known.end(), key) != known.end()) continue;
    std::string names;
    for (const auto& name : known) names += (names.empty() ? "" : ", ") + name;
    const std::string nearest = nearest_name(key, known);
    fail(where, "expected a known key, got \"{}\"", key,
         Hint{(nearest.empty() ? "" : "did you mean \"" + nearest + "\"? ") +
              "known keys: " + names});
  }
}

namespace {

constexpr size_t kMaxDepth = 64;

/// Where the comment that may begin at `begin`, a slash, ends; `begin` when none does.
size_t end_of_comment(std::string_view text, size_t begin) {
  const std::string_view mark = text.substr(begin, 2);
  if (mark == "//") return std::min(text.find('\n', begin), text.size());
  if (mark == "/*") return std::min(text.find("*/", begin + 2), text.size() - 1) + 1;
  return begin;
}

// The parser recurses per level: refuse absurd nesting before it runs.
void check_depth(std::string_view text, std::string_view where) {
  size_t depth = 0;
  bool in_string = false;
  for (size_t i = 0; i < text.size(); ++i) {
    const char c = text[i];
    if (in_string) {
      if (c == '\\') ++i;
      if (c == '"') in_string = false;
    } else if (c == '/') {
      i = end_of_comment(text, i);
    } else if (c == '"') {
      in_string = true;
    } else if (c == '[' || c == '{') {
      require(++depth <= kMaxDepth, where, "expected JSON at most 64 levels deep, got more");
    } else if ((c == ']' || c == '}') && depth > 0) {
      --depth;
    }
  }
}

}  // namespace

Json parse_json(std::string_view text, std::string_view where) {
  check_depth(text, where);
  try {
    return Json::parse(text.begin(), text.end(), nullptr, /*allow_exceptions=*/true,
                       /*ignore_comments=*/true);
  } catch (const Json::exception& e) {
    fail(where, "expected valid JSON, got {}", e.what());
  }
}

std::string config_text(const Json& json) {
  const Json fields = json.flatten();
  for (const auto& [path, value] : fields.items()) {
    const auto* text = value.get_ptr<const std::string*>();
    require(!text || is_utf8(*text), path, "expected text in UTF-8, got {}", text ? *text : "");
  }
  return json.dump(2) + "\n";
}

Json read_json_file(const std::string& path, uint64_t max_bytes) {
  return parse_json(read_file(path, max_bytes), path);
}

}  // namespace flamingo
