#include <functional>
#include <sstream>

#include "flamingo/core/config.h"
#include "flamingo/core/file.h"
#include "flamingo/golden/kinds.h"
#include "flamingo/text/tokenizer.h"

namespace flamingo::golden {
namespace {

using Ids = std::vector<int32_t>;

/// Counts agreeing lines of one list and remembers the first that differs.
class Tally {
 public:
  void check(bool same, size_t line) {
    ++total_;
    if (same) return;
    ++wrong_;
    if (first_wrong_ == 0) first_wrong_ = line;
  }

  void report(const std::string& name, Report& report) const {
    const std::string agreed = std::to_string(total_ - wrong_) + " of " + std::to_string(total_);
    report.exact(name, wrong_ == 0,
                 wrong_ == 0 ? agreed : agreed + ", first at line " + std::to_string(first_wrong_));
  }

 private:
  size_t total_ = 0;
  size_t wrong_ = 0;
  size_t first_wrong_ = 0;
};

void for_each_line(const fs::path& path, const std::function<void(const Json&, size_t)>& visit) {
  constexpr uint64_t kMaxBytes = uint64_t{1} << 30;
  std::istringstream lines(read_file(path.string(), kMaxBytes));
  std::string line;
  for (size_t number = 1; std::getline(lines, line); ++number) {
    if (!line.empty())
      visit(parse_json(line, path.string() + ":" + std::to_string(number)), number);
  }
}

std::string unhex(const std::string& hex) {
  std::string bytes;
  for (size_t i = 0; i + 1 < hex.size(); i += 2) {
    bytes.push_back(static_cast<char>(std::stoi(hex.substr(i, 2), nullptr, 16)));
  }
  return bytes;
}

void compare_encode(const fs::path& path, const text::Tokenizer& tokenizer, Report& report) {
  Tally ids;
  Tally with_special;
  Tally decoded;
  Tally skipped;
  for_each_line(path, [&](const Json& item, size_t line) {
    const auto text = item.at("text").get<std::string>();
    const auto expected = item.at("ids").get<Ids>();
    const Json special = item.value("ids_with_special", item.at("ids"));
    ids.check(tokenizer.encode(text) == expected, line);
    with_special.check(tokenizer.encode(text, true) == special.get<Ids>(), line);
    if (item.contains("decoded")) {
      decoded.check(tokenizer.decode(expected) == item["decoded"], line);
    }
    if (item.contains("decoded_skip_special")) {
      skipped.check(tokenizer.decode(expected, true) == item["decoded_skip_special"], line);
    }
  });
  ids.report("encode.ids", report);
  with_special.report("encode.ids_with_special", report);
  decoded.report("encode.decoded", report);
  skipped.report("encode.decoded_skip_special", report);
}

void compare_decode(const fs::path& path, const text::Tokenizer& tokenizer, Report& report) {
  Tally text;
  Tally skipped;
  for_each_line(path, [&](const Json& item, size_t line) {
    const auto ids = item.at("ids").get<Ids>();
    text.check(tokenizer.decode(ids) == item.at("text"), line);
    if (item.contains("text_skip_special")) {
      skipped.check(tokenizer.decode(ids, true) == item["text_skip_special"], line);
    }
  });
  text.report("decode.text", report);
  skipped.report("decode.text_skip_special", report);
}

void compare_bytes(const fs::path& path, const text::Tokenizer& tokenizer, Report& report) {
  Tally ids;
  for_each_line(path, [&](const Json& item, size_t line) {
    const std::string bytes = unhex(item.at("hex").get<std::string>());
    ids.check(tokenizer.encode(bytes) == item.at("ids").get<Ids>(), line);
  });
  ids.report("bytes.ids", report);
}

}  // namespace

bool matches_tokenizer(const fs::path& folder) {
  return fs::is_regular_file(folder / "tokenizer.json") &&
         fs::is_regular_file(folder / "encode.jsonl");
}

void compare_tokenizer(const fs::path& folder, const Options& /*options*/, Report& report) {
  const text::Tokenizer tokenizer =
      text::Tokenizer::from_file((folder / "tokenizer.json").string());
  compare_encode(folder / "encode.jsonl", tokenizer, report);
  if (fs::is_regular_file(folder / "decode.jsonl")) {
    compare_decode(folder / "decode.jsonl", tokenizer, report);
  }
  if (fs::is_regular_file(folder / "bytes.jsonl")) {
    compare_bytes(folder / "bytes.jsonl", tokenizer, report);
  }
}

}  // namespace flamingo::golden
