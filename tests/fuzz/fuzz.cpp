#include "tests/fuzz/fuzz.h"

#include <cstdint>

#include "flamingo/core/error.h"
#include "flamingo/io/crc.h"

namespace flamingo::testing {

void read_all(std::span<const std::byte> bytes) {
  const uint32_t sum = io::crc32(bytes);
  asm volatile("" : : "r"(sum));  // as though it were used
}

void read_all(std::string_view text) { read_all(std::as_bytes(std::span(text))); }

}  // namespace flamingo::testing

/// The contract of every parser: a value or an Error, whose text is one line. Any other exception,
/// a sanitizer's finding or too much memory ends the program.
extern "C" int LLVMFuzzerTestOneInput(const uint8_t* data, size_t size) {
  try {
    flamingo::testing::fuzz(std::as_bytes(std::span(data, size)));
  } catch (const flamingo::Error& error) {
    flamingo::testing::read_all(std::string_view(error.what()));
  }
  return 0;
}
