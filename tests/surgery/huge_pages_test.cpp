#include "flamingo/surgery/huge_pages.h"

#include <gtest/gtest.h>
#include <torch/nn/modules/linear.h>
#include <torch/types.h>

#include <cstdint>

#include "flamingo/nn/linear.h"
#include "tests/model/tiny_flamingo.h"

namespace flamingo::surgery {
namespace {

TEST(GatherWeights, MovesEveryParameterAndChangesNone) {
  auto model = testing::make_flamingo(testing::tiny_flamingo());
  std::vector<torch::Tensor> before;
  std::vector<const void*> places;
  for (const auto& parameter : model->parameters()) {
    before.push_back(parameter.detach().clone());
    places.push_back(parameter.const_data_ptr());
  }
  move_to_huge_pages(*model);
  const auto after = model->parameters();
  ASSERT_EQ(after.size(), before.size());
  uintptr_t last = 0;
  for (size_t i = 0; i < after.size(); ++i) {
    EXPECT_TRUE(after[i].detach().equal(before[i])) << i;
    EXPECT_NE(after[i].const_data_ptr(), places[i]) << i;
    const auto place = reinterpret_cast<uintptr_t>(after[i].const_data_ptr());
    EXPECT_GT(place, last) << i;  // one block, in order
    EXPECT_EQ(place % 64, 0u) << i;
    last = place;
  }
}

TEST(GatherWeights, SharedAndBorrowedMemoryStaysValid) {
  torch::nn::Linear linear(300, 200);
  const auto held = linear->weight;  // the same tensor, as a tied head has it
  const auto view = linear->weight.detach().narrow(0, 0, 10);
  const auto expected = view.clone();
  move_to_huge_pages(*linear);
  EXPECT_EQ(held.const_data_ptr(), linear->weight.const_data_ptr());
  EXPECT_TRUE(view.equal(expected));
  torch::Tensor survivor;
  {
    torch::nn::Linear shorter_lived(8, 8);
    move_to_huge_pages(*shorter_lived);
    survivor = shorter_lived->weight.detach();
  }
  EXPECT_TRUE(survivor.isfinite().all().item<bool>());  // its block lives on
}

TEST(GatherWeights, LeavesWhatItCannotMove) {
  torch::nn::Linear linear(4, 4);
  linear->weight.set_data(torch::randn({4, 4}).t());
  const void* place = linear->weight.const_data_ptr();
  move_to_huge_pages(*linear);
  EXPECT_EQ(linear->weight.const_data_ptr(), place);
  nn::Linear meta(4, 4, true, torch::TensorOptions(torch::kMeta));
  EXPECT_NO_THROW(move_to_huge_pages(*meta));
}

}  // namespace
}  // namespace flamingo::surgery
