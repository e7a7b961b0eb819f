#pragma once

#include <cstdint>
#include <string>

namespace flamingo {

/// Bytes in the unit that shows them: "96 B", "12.00 KB", "7.53 MB", "185.21 GB" (powers of 1000).
std::string size_text(uint64_t bytes);

}  // namespace flamingo
