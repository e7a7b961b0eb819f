#include "flamingo/report/markup.h"

#include <cmath>
#include <cstdio>

namespace flamingo::report {

std::string escape_markup(std::string_view text) {
  std::string escaped;
  escaped.reserve(text.size());
  for (const char c : text) {
    switch (c) {
      case '<':
        escaped += "&lt;";
        break;
      case '>':
        escaped += "&gt;";
        break;
      case '&':
        escaped += "&amp;";
        break;
      case '"':
        escaped += "&quot;";
        break;
      case '\'':
        escaped += "&#39;";
        break;
      default:
        if (static_cast<unsigned char>(c) < 0x20 && c != '\t' && c != '\n') {
          escaped += "\xEF\xBF\xBD";
        } else {
          escaped += c;
        }
    }
  }
  return escaped;
}

std::string format_number(double value, int digits) {
  if (!std::isfinite(value)) return "not finite";
  char text[40];
  const double size = std::abs(value);
  if (size >= 1e4 && size < 1e15) {
    constexpr const char* kSuffixes[] = {"", "k", "M", "G", "T"};
    int thousands = 0;
    double scaled = value;
    while (std::abs(scaled) >= 1e3) {
      scaled /= 1e3;
      ++thousands;
    }
    std::snprintf(text, sizeof text, "%.*g%s", std::max(digits, 3), scaled, kSuffixes[thousands]);
  } else {
    std::snprintf(text, sizeof text, "%.*g", digits, value);
  }
  return text;
}

}  // namespace flamingo::report
