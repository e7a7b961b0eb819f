#pragma once

#include <cstddef>
#include <cstdint>
#include <span>
#include <string>
#include <string_view>

namespace flamingo::kernels {

/// Block formats of GGUF (ggml's numbering), plus the plain float types.
enum class BlockType : uint32_t {
  kF32 = 0,
  kF16 = 1,
  kQ4_0 = 2,
  kQ4_1 = 3,
  kQ5_0 = 6,
  kQ5_1 = 7,
  kQ8_0 = 8,
  kQ2_K = 10,
  kQ3_K = 11,
  kQ4_K = 12,
  kQ5_K = 13,
  kQ6_K = 14,
  kBF16 = 30,
};

/// Layout of one block.
struct BlockLayout {
  std::string_view name;  ///< "Q4_1"
  int64_t values = 0;     ///< values per block
  int64_t bytes = 0;      ///< bytes per block
};

/// Whether this build decodes `type` (a raw number from a file).
bool is_known_block_type(uint32_t type);
/// ggml's name of a raw type number ("IQ4_NL"), also of those that this build does not decode;
/// "type 77" for a number that ggml does not give.
std::string block_type_name(uint32_t type);
/// Layout of a type that this build decodes. Throws Error naming any other.
BlockLayout block_layout(BlockType type);
/// The type called `name` ("Q4_K"). Throws Error on an unknown one.
BlockType block_type_from_name(std::string_view name);

/// Decodes whole blocks into float32: blocks.size() must be n * layout.bytes and
/// values.size() n * layout.values. Throws Error otherwise.
void decode_blocks(BlockType type, std::span<const std::byte> blocks, std::span<float> values);

}  // namespace flamingo::kernels
