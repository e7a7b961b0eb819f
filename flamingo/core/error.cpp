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

void fail(std::string_view where, std::string_view message, std::string_view hint) {
  throw Error(where, message, hint);
}

}  // namespace flamingo
