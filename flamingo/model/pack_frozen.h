#pragma once

#include <array>
#include <functional>
#include <optional>
#include <utility>

#include "flamingo/model/flamingo.h"
#include "flamingo/quant/block_type.h"

namespace flamingo {

/// How weights that are only read are stored. kFp32 and kBf16 are the compute type as well; with
/// kInt8 and kInt4, matrices are blocks of 32 values with a scale (8.5 and 5 bits a value).
enum class FrozenFormat { kFp32, kBf16, kInt8, kInt4 };
constexpr std::array<std::pair<FrozenFormat, const char*>, 4> enum_table(FrozenFormat) {
  return {{{FrozenFormat::kFp32, "fp32"},
           {FrozenFormat::kBf16, "bf16"},
           {FrozenFormat::kInt8, "int8"},
           {FrozenFormat::kInt4, "int4"}}};
}

/// The type of this format's blocks; nothing for the plain types.
std::optional<BlockType> block_type_of(FrozenFormat format);

/// Calls visit for every frozen linear layer of LM blocks and vision encoder that whole blocks of
/// `type` fit.
void for_each_packable(const Flamingo& model, BlockType type,
                       const std::function<void(LinearImpl&)>& visit);

/// Turns the frozen linear layers of LM blocks and vision encoder into blocks, rounding their
/// weights; embedding, norms, convolutions and layers that are blocks already stay. Trained layers
/// are left alone. Does nothing for a plain format. Call after freeze(). Throws Error when there is
/// nothing to pack.
void pack_frozen(Flamingo& model, FrozenFormat format);

/// Bytes that a model's weights take.
struct WeightBytes {
  int64_t trained = 0;
  int64_t frozen = 0;  ///< plain ones
  int64_t packed = 0;  ///< blocks

  int64_t sum() const { return trained + frozen + packed; }
};
WeightBytes weight_bytes(const Flamingo& model);

}  // namespace flamingo
