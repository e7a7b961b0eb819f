#include "flamingo/train/frozen_weights.h"

#include <gtest/gtest.h>
#include <torch/types.h>

#include <memory>

#include "flamingo/core/error.h"
#include "tests/core/temporary_folder.h"

namespace flamingo::train {
namespace {

struct Net : torch::nn::Module {
  Net() {
    trained = register_parameter("trained", torch::ones({3}));
    frozen = register_parameter("frozen", torch::ones({2, 3}).to(torch::kBFloat16), false);
    counts = register_buffer("counts", torch::zeros({4}));
  }
  torch::Tensor trained, frozen, counts;
};

TEST(FrozenWeights, HashesCoverWhatIsNotTrained) {
  const auto net = std::make_shared<Net>();
  const auto hashes = frozen_hashes(*net);
  ASSERT_EQ(hashes.size(), 2u);
  EXPECT_EQ(hashes.at("frozen").size(), 64u);
  EXPECT_EQ(hashes, frozen_hashes(*std::make_shared<Net>()));
}

TEST(FrozenWeights, TrainedOnesMayChangeAndFrozenOnesMayNot) {
  const testing::TemporaryFolder folder;
  const auto net = std::make_shared<Net>();
  const FrozenWeights guard(folder.path(), *net);
  const torch::NoGradGuard no_grad;
  net->trained += 1;
  EXPECT_NO_THROW(guard.check());
  net->frozen[1][2] = 1.0078125;  // one bit of a bf16
  EXPECT_THROW(guard.check(), Error);
  net->frozen[1][2] = 1;
  EXPECT_NO_THROW(guard.check());
  net->counts += 1;
  EXPECT_THROW(guard.check(), Error);
}

TEST(FrozenWeights, ALaterStartWithOthersIsRefused) {
  const testing::TemporaryFolder folder;
  const auto net = std::make_shared<Net>();
  const FrozenWeights first(folder.path(), *net);
  EXPECT_NO_THROW(FrozenWeights(folder.path(), *std::make_shared<Net>()));
  const torch::NoGradGuard no_grad;
  net->frozen.zero_();
  EXPECT_THROW(FrozenWeights(folder.path(), *net), Error);
}

}  // namespace
}  // namespace flamingo::train
