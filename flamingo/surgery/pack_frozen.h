#pragma once

#include <array>
#include <functional>
#include <optional>
#include <utility>

#include "flamingo/kernels/block_type.h"
#include "flamingo/model/flamingo.h"

namespace flamingo::surgery {

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
std::optional<kernels::BlockType> block_type_of(FrozenFormat format);

/// Calls visit for every frozen linear layer of LM blocks and vision encoder that whole blocks of
/// `type` fit.
void for_each_packable(const model::Flamingo& model, kernels::BlockType type,
                       const std::function<void(nn::LinearImpl&)>& visit);

/// Turns the frozen linear layers of LM blocks and vision encoder into blocks, rounding their
/// weights; embedding, norms, convolutions and layers that are blocks already stay. Trained layers
/// are left alone. Does nothing for a plain format. Call after freeze(). Throws Error when there is
/// nothing to pack.
void pack_frozen(model::Flamingo& model, FrozenFormat format);

/// Bytes that a model's weights take.
struct WeightBytes {
  int64_t trained = 0;
  int64_t frozen = 0;  ///< plain ones
  int64_t packed = 0;  ///< blocks

  int64_t sum() const { return trained + frozen + packed; }
};
/// Counts the bytes of a model's weights as they lie in memory.
WeightBytes weight_bytes(const model::Flamingo& model);

}  // namespace flamingo::surgery
