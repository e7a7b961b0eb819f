#include "flamingo/core/error.h"

#include "flamingo/core/utf8.h"

namespace flamingo {
namespace {

constexpr size_t kMaxValueBytes = 500;  // of a value in a message
constexpr size_t kMaxTextBytes = 2000;  // of a place, a message, a hint

/// At most `most` bytes or little more: of a longer text both ends, and how long it was.
std::string shortened(std::string_view text, size_t most) {
  if (text.size() <= most) return std::string(text);
  const auto inside = [&](size_t at) { return (static_cast<unsigned char>(text[at]) >> 6) == 2; };
  size_t head = most / 2, tail = text.size() - most / 4;
  while (head > 0 && inside(head)) --head;
  while (tail < text.size() && inside(tail)) ++tail;
  return std::string(text.substr(0, head)) + " ...(" + std::to_string(text.size()) + " bytes)... " +
         std::string(text.substr(tail));
}

/// One line that a terminal shows as it is: controls and what is not UTF-8 as \xHH.
void append_printable(std::string& out, std::string_view text) {
  constexpr const char* kDigits = "0123456789abcdef";
  for (size_t at = 0; at < text.size();) {
    const Utf8Sequence sequence = read_utf8(text, at);
    const std::string_view c = text.substr(at, sequence.length);
    at += sequence.length;
    const auto first = static_cast<unsigned char>(c[0]);
    const bool later_control =
        c.size() == 2 && first == 0xc2 && static_cast<unsigned char>(c[1]) < 0xa0;
    if (c == "\n" || c == "\r" || c == "\t") {
      out += ' ';
    } else if (sequence.valid && first >= ' ' && first != 0x7f && !later_control) {
      out += c;
    } else {
      for (const char byte : c) {
        const auto value = static_cast<unsigned char>(byte);
        out += {'\\', 'x', kDigits[value >> 4], kDigits[value & 15]};
      }
    }
  }
}

std::string one_line(std::string_view where, std::string_view message, std::string_view hint) {
  std::string text = "[";
  append_printable(text, shortened(where, kMaxTextBytes));
  text += "] ";
  append_printable(text, shortened(message, kMaxTextBytes));
  if (hint.empty()) return text;
  text += " (hint: ";
  append_printable(text, shortened(hint, kMaxTextBytes));
  return text + ")";
}

}  // namespace

Error::Error(std::string_view where, std::string_view message, std::string_view hint)
    : std::runtime_error(one_line(where, message, hint)) {}

void detail::throw_error(std::string_view where, std::string_view format,
                         const std::vector<std::string>& values, std::string_view hint) {
  std::string message;
  for (const std::string& value : values) {
    const size_t place = format.find("{}");
    message += std::string(format.substr(0, place)) + shortened(value, kMaxValueBytes);
    format.remove_prefix(place + 2);
  }
  throw Error(where, message + std::string(format), hint);
}

}  // namespace flamingo
