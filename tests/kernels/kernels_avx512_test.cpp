#include <gtest/gtest.h>

#include "flamingo/kernels/kernels.h"
#include "kernel_checks.h"

namespace flamingo::kernels {
namespace {

TEST(Avx512Kernels, MatchTheirDefinition) {
  if (avx512_kernels() == nullptr) GTEST_SKIP() << "this processor has no avx512";
  check_kernels(*avx512_kernels());
}

}  // namespace
}  // namespace flamingo::kernels
