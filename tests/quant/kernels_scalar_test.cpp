#include <gtest/gtest.h>

#include "flamingo/quant/kernels.h"
#include "kernel_checks.h"

namespace flamingo {
namespace {

TEST(ScalarKernels, MatchTheirDefinition) { check_kernels(scalar_kernels()); }

}  // namespace
}  // namespace flamingo
