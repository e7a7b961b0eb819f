#include "flamingo/io/crc32.h"

#include "flamingo/io/reflected_crc.h"

namespace flamingo::io {

uint32_t crc32(std::span<const std::byte> bytes) {
  return detail::reflected_crc<0xEDB88320u>(bytes);
}

}  // namespace flamingo::io
