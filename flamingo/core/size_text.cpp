#include "flamingo/core/size_text.h"

#include <array>
#include <cstdio>
#include <utility>

namespace flamingo {

std::string size_text(uint64_t bytes) {
  if (bytes < 1'000) return std::to_string(bytes) + " B";
  const auto [unit, name] = bytes >= 1'000'000'000 ? std::pair(1e9, "GB")
                            : bytes >= 1'000'000   ? std::pair(1e6, "MB")
                                                   : std::pair(1e3, "KB");
  std::array<char, 32> text{};
  std::snprintf(text.data(), text.size(), "%.2f %s", static_cast<double>(bytes) / unit, name);
  return text.data();
}

}  // namespace flamingo
