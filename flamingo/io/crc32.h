#pragma once

#include <cstddef>
#include <cstdint>
#include <span>

namespace flamingo::io {

/// CRC-32 of zip and PNG (reflected polynomial 0xEDB88320), eight bytes a step.
uint32_t crc32(std::span<const std::byte> bytes);

}  // namespace flamingo::io
