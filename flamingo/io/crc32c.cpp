#include "flamingo/io/crc32c.h"

#include "flamingo/io/reflected_crc.h"

namespace flamingo::io {

uint32_t crc32c(std::span<const std::byte> bytes) {
  return detail::reflected_crc<0x82F63B78u>(bytes);
}

}  // namespace flamingo::io
