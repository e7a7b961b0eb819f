#include "flamingo/core/error.h"

namespace flamingo {
namespace {

std::string one_line(std::string_view where, std::string_view message, std::string_view hint) {
  std::string text = "[" + std::string(where) + "] " + std::string(message);
  if (!hint.empty()) text += " (hint: " + std::string(hint) + ")";
  for (char& c : text) {
    if (c == '\n' || c == '\r') c = ' ';
  }
  return text;
}

}  // namespace

Error::Error(std::string_view where, std::string_view message, std::string_view hint)
    : std::runtime_error(one_line(where, message, hint)) {}

void detail::throw_error(std::string_view where, std::string_view format,
                         const std::vector<std::string>& values, std::string_view hint) {
  std::string message;
  for (const std::string& value : values) {
    const size_t place = format.find("{}");
    message += std::string(format.substr(0, place)) + value;
    format.remove_prefix(place + 2);
  }
  throw Error(where, message + std::string(format), hint);
}

}  // namespace flamingo
