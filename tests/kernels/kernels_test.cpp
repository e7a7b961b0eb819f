#include "flamingo/kernels/kernels.h"

#include <gtest/gtest.h>

namespace flamingo::kernels {
namespace {

TEST(Kernels, EveryTableIsComplete) {
  for (const Kernels* table : {&scalar_kernels(), avx2_kernels(), avx512_kernels()}) {
    if (table == nullptr) continue;
    for (const auto kernel : table->row_products) EXPECT_NE(kernel, nullptr);
    for (const auto kernel : table->weighted_sum) EXPECT_NE(kernel, nullptr);
    for (const auto kernel : table->tile_exact) EXPECT_NE(kernel, nullptr);
    for (const auto kernel : table->tile_int8) EXPECT_NE(kernel, nullptr);
    for (const auto kernel : table->tile_decode) EXPECT_NE(kernel, nullptr);
    EXPECT_NE(table->prepare, nullptr);
    EXPECT_NE(table->softmax, nullptr);
    EXPECT_NE(table->softmax_bf16, nullptr);
    EXPECT_NE(table->swiglu, nullptr);
    EXPECT_NE(table->swiglu_bf16, nullptr);
    EXPECT_NE(table->rms_norm_bf16, nullptr);
  }
}

TEST(Kernels, BestIsTheWidestSupported) {
  const Kernels* widest = avx512_kernels() != nullptr ? avx512_kernels() : avx2_kernels();
  EXPECT_EQ(&best_kernels(), widest != nullptr ? widest : &scalar_kernels());
}

TEST(Kernels, BufferHoldsWhatPrepareWrites) {
  InputBuffer buffer;
  buffer.resize(96);
  EXPECT_EQ(buffer.values.size(), 96u);
  EXPECT_EQ(buffer.scales.size(), 3u);
  EXPECT_EQ(buffer.code_sums.size(), 6u);
  EXPECT_EQ(buffer.view().codes, buffer.codes.data());
}

}  // namespace
}  // namespace flamingo::kernels
