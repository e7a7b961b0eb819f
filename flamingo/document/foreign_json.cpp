#include "flamingo/document/foreign_json.h"

#include <charconv>
#include <optional>

#include "flamingo/core/ascii.h"
#include "flamingo/core/error.h"
#include "flamingo/text/unicode.h"

namespace flamingo::document {
namespace {

bool is_number_byte(char c) {
  return is_ascii_digit(c) || c == '-' || c == '+' || c == '.' || c == 'e' || c == 'E';
}

/// The code unit of "\uXXXX" at the front of `text`.
std::optional<int> code_unit(std::string_view text) {
  if (!text.starts_with("\\u") || text.size() < 6) return std::nullopt;
  int unit = 0;
  const auto [end, error] = std::from_chars(text.data() + 2, text.data() + 6, unit, 16);
  return error == std::errc() && end == text.data() + 6 ? std::optional(unit) : std::nullopt;
}

bool is_high(int unit) { return unit >= 0xD800 && unit < 0xDC00; }
bool is_low(int unit) { return unit >= 0xDC00 && unit < 0xE000; }

/// Rewrites what strict JSON does not have.
class StrictWriter {
 public:
  explicit StrictWriter(std::string_view text) : text_(text) {}

  std::string write() && {
    while (at_ < text_.size()) {
      if (text_[at_] == '"') {
        write_string();
      } else if (is_number_byte(text_[at_])) {
        write_number();
      } else if (!take_word("NaN") && !take_word("Infinity")) {
        out_ += text_[at_++];
      }
    }
    return std::move(out_);
  }

 private:
  bool take_word(std::string_view word) {
    if (!text_.substr(at_).starts_with(word)) return false;
    out_ += "null";
    at_ += word.size();
    return true;
  }

  /// A number, also where it stands for minus infinity or is too large.
  void write_number() {
    size_t end = at_;
    while (end < text_.size() && is_number_byte(text_[end])) ++end;
    const std::string_view number = text_.substr(at_, end - at_);
    at_ = end;
    if (number == "-" && take_word("Infinity")) return;
    double value = 0;
    const auto result = std::from_chars(number.data(), number.data() + number.size(), value);
    const size_t exponent = number.find_first_of("eE");
    const bool tiny = exponent != number.npos && number.substr(exponent + 1).starts_with('-');
    if (result.ec == std::errc::result_out_of_range) {
      out_ += tiny ? "0.0" : "null";
    } else {
      out_ += number;
    }
  }

  void write_string() {
    out_ += text_[at_++];
    while (at_ < text_.size() && text_[at_] != '"') {
      if (text_[at_] == '\\') {
        write_escape();
      } else {
        out_ += text_[at_++];
      }
    }
    if (at_ < text_.size()) out_ += text_[at_++];
  }

  void write_escape() {
    const auto unit = code_unit(text_.substr(at_));
    const auto next = unit ? code_unit(text_.substr(at_ + 6)) : std::nullopt;
    size_t size = unit ? 6 : std::min<size_t>(2, text_.size() - at_);
    if (unit && is_high(*unit) && next && is_low(*next)) {
      size = 12;
    } else if (unit && (is_high(*unit) || is_low(*unit))) {
      out_ += "\\ufffd";
      at_ += size;
      return;
    }
    out_ += text_.substr(at_, size);
    at_ += size;
  }

  std::string_view text_;
  size_t at_ = 0;
  std::string out_;
};

}  // namespace

std::string_view without_byte_order_mark(std::string_view text) {
  if (text.starts_with("\xEF\xBB\xBF")) text.remove_prefix(3);
  return text;
}

Json parse_foreign_json(std::string_view text, std::string_view where) {
  text = without_byte_order_mark(text);
  try {
    return parse_json(text, where);
  } catch (const Error&) {
    const std::string repaired = text::repair_utf8(text);
    const std::string strict = StrictWriter(repaired).write();
    if (strict == text) throw;
    return parse_json(strict, where);
  }
}

}  // namespace flamingo::document
