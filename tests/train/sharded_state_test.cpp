#include "flamingo/train/sharded_state.h"

#include <gtest/gtest.h>

#include "flamingo/core/error.h"
#include "tests/parallel/forked_ranks.h"

namespace flamingo::train {
namespace {

/// Three matrices of 12, 6 and 4 scalars.
struct Trio : torch::nn::Module {
  Trio() {
    large = register_parameter("large", torch::randn({3, 4}));
    middle = register_parameter("middle", torch::randn({3, 2}));
    small = register_parameter("small", torch::randn({2, 2}));
  }
  torch::Tensor large, middle, small;
};

std::vector<std::string> names_of(const std::vector<NamedTensor>& tensors) {
  std::vector<std::string> names;
  for (const NamedTensor& tensor : tensors) names.push_back(tensor.name);
  return names;
}

TEST(ShardedState, IsSetFromItsWhole) {
  const Trio from, to;
  const ShardedState source(from, {}), target(to, {});
  source.parameters()[1].moment2.fill_(3);
  target.set(source.whole());
  EXPECT_TRUE(to.large.equal(from.large));
  EXPECT_TRUE(target.parameters()[1].moment2.equal(torch::full({3, 2}, 3.0f)));
  EXPECT_EQ(names_of(target.whole()), names_of(target.empty()));
  EXPECT_EQ(names_of(target.whole())[5], "moment2/middle");
  EXPECT_THROW(target.set({}), Error);
}

TEST(ShardedState, RefusesWhatItCannotUpdate) {
  Trio trio;
  trio.small.set_data(torch::randn({4, 4}).t().narrow(0, 0, 2));
  EXPECT_THROW(ShardedState(trio, {}), Error);
  trio.small.set_data(torch::randn({2, 2}, torch::kBFloat16));
  EXPECT_THROW(ShardedState(trio, {}), Error);
  trio.small.set_requires_grad(false);
  EXPECT_EQ(ShardedState(trio, {}).parameters().size(), 2u);
}

TEST(ShardedState, ProcessesOwnPartsOfOneSizeAndSendTheirUpdates) {
  const auto texts = testing::texts_of(2, [&](const parallel::ProcessGroup& group) -> std::string {
    torch::manual_seed(1);
    Trio trio;
    const ShardedState state(trio, {.moments = group});
    std::string owners;
    for (const TrainedParameter& parameter : state.parameters()) {
      owners += std::to_string(parameter.owner);
      parameter.value.mutable_grad() = torch::ones_like(parameter.value);
      if (state.owns(parameter)) parameter.value.detach().fill_(group.rank() + 5);
      if (state.owns(parameter) != parameter.moment1.defined()) return "moments at another's";
    }
    state.send_updates();
    const bool sent = trio.large.equal(torch::full({3, 4}, 5.0f)) &&
                      trio.middle.equal(torch::full({3, 2}, 6.0f)) &&
                      trio.small.equal(torch::full({2, 2}, 6.0f));
    return owners + (sent ? " sent" : " not sent");
  });
  for (const auto& text : texts) EXPECT_EQ(text, "011 sent");
}

/// As though `small`, of two rows, were the only shard of two parts of two rows each.
TEST(ShardedState, EmptyTensorsHaveTheWholeShape) {
  Trio trio;
  OptimizerShare share;
  share.layout.shards["small"] = {.axis = 0, .parts = {2, 2}};
  const ShardedState state(trio, share);
  EXPECT_EQ(state.empty()[6].name, "parameter/small");
  EXPECT_EQ(state.empty()[6].value.sizes(), (std::vector<int64_t>{4, 2}));
  EXPECT_EQ(state.empty()[0].value.sizes(), (std::vector<int64_t>{3, 4}));
}

}  // namespace
}  // namespace flamingo::train
