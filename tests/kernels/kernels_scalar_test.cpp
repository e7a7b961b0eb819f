#include <gtest/gtest.h>

#include "flamingo/kernels/kernels.h"
#include "kernel_checks.h"

namespace flamingo::kernels {
namespace {

TEST(ScalarKernels, MatchTheirDefinition) { check_kernels(scalar_kernels()); }

}  // namespace
}  // namespace flamingo::kernels
