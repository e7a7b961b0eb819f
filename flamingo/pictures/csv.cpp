#include "flamingo/pictures/csv.h"

#include <cstdint>
#include <utility>

#include "flamingo/core/error.h"

namespace flamingo::pictures {
namespace {

constexpr size_t kMaxColumns = 1024;
constexpr std::string_view kByteOrderMark = "\xEF\xBB\xBF";

/// Takes a table's text apart, one row a call.
class CsvReader {
 public:
  CsvReader(std::string_view text, const std::string& where) : text_(text), where_(where) {
    if (text_.starts_with(kByteOrderMark)) text_.remove_prefix(kByteOrderMark.size());
  }

  bool at_end() const { return at_ >= text_.size(); }
  int64_t line() const { return line_; }

  std::vector<std::string> row() {
    std::vector<std::string> fields(1);
    while (!at_end()) {
      const char c = text_[at_++];
      if (c == '"' && fields.back().empty()) {
        fields.back() = quoted();
      } else if (c == ',') {
        if (fields.size() == kMaxColumns)
          fail(where_ + ":" + std::to_string(line_), "expected at most {} fields, got more",
               kMaxColumns);
        fields.emplace_back();
      } else if (c == '\n') {
        ++line_;
        break;
      } else if (c != '\r') {
        fields.back() += c;
      }
    }
    return fields;
  }

 private:
  /// What follows an opening quote, to the closing one.
  std::string quoted() {
    const int64_t first = line_;
    std::string field;
    while (!at_end()) {
      const char c = text_[at_++];
      line_ += c == '\n';
      if (c != '"') {
        field += c;
      } else if (!at_end() && text_[at_] == '"') {
        field += text_[at_++];
      } else {
        return field;
      }
    }
    fail(where_ + ":" + std::to_string(first), "expected a quote that ends, got none");
  }

  std::string_view text_;
  const std::string& where_;
  size_t at_ = 0;
  int64_t line_ = 1;
};

}  // namespace

CsvTable parse_csv(std::string_view text, const std::string& where) {
  CsvReader reader(text, where);
  CsvTable table;
  while (!reader.at_end()) {
    const int64_t line = reader.line();
    std::vector<std::string> row = reader.row();
    if (row.size() == 1 && row.front().empty()) continue;
    if (table.columns.empty()) {
      table.columns = std::move(row);
      continue;
    }
    if (row.size() != table.columns.size())
      fail(where + ":" + std::to_string(line), "expected {} fields, got {}", table.columns.size(),
           row.size());
    table.rows.push_back(std::move(row));
    table.lines.push_back(line);
  }
  return table;
}

}  // namespace flamingo::pictures
