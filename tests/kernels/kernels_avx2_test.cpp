#include <gtest/gtest.h>

#include "flamingo/kernels/kernels.h"
#include "kernel_checks.h"

namespace flamingo::kernels {
namespace {

TEST(Avx2Kernels, MatchTheirDefinition) {
  if (avx2_kernels() == nullptr) GTEST_SKIP() << "this processor has no avx2";
  check_kernels(*avx2_kernels());
}

}  // namespace
}  // namespace flamingo::kernels
