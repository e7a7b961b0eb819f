#include "flamingo/kernels/block_type.h"

#include <array>

#include "flamingo/core/error.h"

namespace flamingo::kernels {
namespace {

struct KnownType {
  BlockType type;
  BlockLayout layout;
};

constexpr KnownType kKnownTypes[] = {
    {BlockType::kF32, {"F32", 1, 4}},       {BlockType::kF16, {"F16", 1, 2}},
    {BlockType::kBF16, {"BF16", 1, 2}},     {BlockType::kQ4_0, {"Q4_0", 32, 18}},
    {BlockType::kQ4_1, {"Q4_1", 32, 20}},   {BlockType::kQ5_0, {"Q5_0", 32, 22}},
    {BlockType::kQ5_1, {"Q5_1", 32, 24}},   {BlockType::kQ8_0, {"Q8_0", 32, 34}},
    {BlockType::kQ2_K, {"Q2_K", 256, 84}},  {BlockType::kQ3_K, {"Q3_K", 256, 110}},
    {BlockType::kQ4_K, {"Q4_K", 256, 144}}, {BlockType::kQ5_K, {"Q5_K", 256, 176}},
    {BlockType::kQ6_K, {"Q6_K", 256, 210}},
};

/// ggml's names by number; those without a name were withdrawn.
constexpr std::array<std::string_view, 42> kNames = {
    "F32",   "F16",        "Q4_0",       "Q4_1",       "Q4_2",     "Q4_3",     "Q5_0",
    "Q5_1",  "Q8_0",       "Q8_1",       "Q2_K",       "Q3_K",     "Q4_K",     "Q5_K",
    "Q6_K",  "Q8_K",       "IQ2_XXS",    "IQ2_XS",     "IQ3_XXS",  "IQ1_S",    "IQ4_NL",
    "IQ3_S", "IQ2_S",      "IQ4_XS",     "I8",         "I16",      "I32",      "I64",
    "F64",   "IQ1_M",      "BF16",       "Q4_0_4_4",   "Q4_0_4_8", "Q4_0_8_8", "TQ1_0",
    "TQ2_0", "IQ4_NL_4_4", "IQ4_NL_4_8", "IQ4_NL_8_8", "MXFP4",    "NVFP4",    "Q1_0"};

}  // namespace

bool is_known_block_type(uint32_t type) {
  for (const KnownType& known : kKnownTypes) {
    if (static_cast<uint32_t>(known.type) == type) return true;
  }
  return false;
}

BlockLayout block_layout(BlockType type) {
  for (const KnownType& known : kKnownTypes) {
    if (known.type == type) return known.layout;
  }
  fail("block_layout", "expected a block type that this build decodes, got {}",
       block_type_name(static_cast<uint32_t>(type)));
}

std::string block_type_name(uint32_t type) {
  if (type < kNames.size()) return std::string(kNames[type]);
  return "type " + std::to_string(type);
}

BlockType block_type_from_name(std::string_view name) {
  std::string names;
  for (const KnownType& known : kKnownTypes) {
    if (known.layout.name == name) return known.type;
    names += (names.empty() ? "" : ", ") + std::string(known.layout.name);
  }
  fail("block_type", "expected one of {}, got \"{}\"", names, name);
}

}  // namespace flamingo::kernels
