#pragma once

#include <cstddef>
#include <cstdint>
#include <span>

namespace flamingo::io {

/// CRC-32 of zip and PNG (reflected polynomial 0xEDB88320), eight bytes a step.
uint32_t crc32(std::span<const std::byte> bytes);

/// CRC-32C of iSCSI and TFRecord (Castagnoli, reflected polynomial 0x82F63B78).
/// Source: RFC 3720, appendix B.4.
uint32_t crc32c(std::span<const std::byte> bytes);

/// The form in which a TFRecord stores a CRC, so that a CRC over bytes that hold CRCs stays sound:
/// rotated right by 15 bits, plus 0xA282EAD8.
constexpr uint32_t masked_crc(uint32_t crc) { return ((crc >> 15) | (crc << 17)) + 0xA282EAD8u; }

}  // namespace flamingo::io
