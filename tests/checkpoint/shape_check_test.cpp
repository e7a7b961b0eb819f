#include "flamingo/checkpoint/shape_check.h"

#include <gtest/gtest.h>
#include <torch/types.h>

#include "flamingo/core/error.h"
#include "flamingo/nn/linear.h"

namespace flamingo::checkpoint {
namespace {

TEST(CheckShapes, ComparesNamesAndShapesWithoutMemory) {
  const nn::Linear huge(1 << 20, 1 << 20, false,
                        torch::TensorOptions(torch::kFloat32).device(torch::kMeta));
  const nn::Linear small(3, 2, true, torch::TensorOptions(torch::kFloat32).device(torch::kMeta));
  StateDict weights{{"weight", torch::zeros({2, 3})}, {"bias", torch::zeros({2})}};
  EXPECT_NO_THROW(check_shapes(*small, weights, "test"));
  EXPECT_THROW(check_shapes(*huge, weights, "test"), Error);
  weights.erase("bias");
  EXPECT_THROW(check_shapes(*small, weights, "test"), Error);
}

}  // namespace
}  // namespace flamingo::checkpoint
