#include "flamingo/parallel/weight_check.h"

#include <gtest/gtest.h>
#include <torch/types.h>

#include <set>

#include "tests/parallel/forked_ranks.h"

namespace flamingo::parallel {
namespace {

using testing::run_ranks;

TEST(HashBytes, SeesEveryBitOfEveryLength) {
  std::set<uint64_t> hashes;
  size_t count = 0;
  for (const size_t length : {0u, 1u, 7u, 8u, 31u, 32u, 33u, 100u}) {
    std::vector<std::byte> bytes(length);
    hashes.insert(hash_bytes(bytes, 1));
    ++count;
    for (size_t bit = 0; bit < 8 * length; ++bit, ++count) {
      bytes[bit / 8] ^= std::byte(1 << bit % 8);
      hashes.insert(hash_bytes(bytes, 1));
      bytes[bit / 8] ^= std::byte(1 << bit % 8);
    }
  }
  EXPECT_EQ(hashes.size(), count);
  EXPECT_NE(hash_bytes({}, 1), hash_bytes({}, 2));
}

TEST(HashTensors, KnowsOrderAndBorders) {
  const auto a = torch::ones({2}), b = torch::zeros({2});
  EXPECT_NE(hash_tensors({a, b}), hash_tensors({b, a}));
  EXPECT_NE(hash_tensors({a, b}), hash_tensors({torch::cat({a, b})}));
  EXPECT_EQ(hash_tensors({a, b}), hash_tensors({a.clone(), b.clone()}));
}

/// Four processes, two of them to a team, whose weights `damage` changes in one of them.
std::vector<testing::RankResult> checked(
    const std::function<void(int64_t rank, CheckedWeights&)>& damage) {
  return run_ranks(4, [&](const ProcessGroup& world) {
    const auto grid = ProcessGrid::of(world, 2);
    CheckedWeights weights{.frozen = {torch::full({3}, static_cast<float>(world.rank()))},
                           .replicated = {torch::ones({3})},
                           .cut = {torch::full({2}, static_cast<float>(grid.tensor.rank()))}};
    const WeightCheck check(weights, grid);
    check.run("before");
    damage(world.rank(), weights);
    check.run("after");
    return std::string("fine");
  });
}

TEST(WeightCheck, PassesEqualWeights) {
  for (const auto& result : checked([](int64_t, CheckedWeights&) {}))
    EXPECT_EQ(result.text, "fine");
}

TEST(WeightCheck, NamesWhoseWeightsChanged) {
  const auto flip = [](int64_t victim, std::vector<torch::Tensor> CheckedWeights::*kind) {
    return [=](int64_t rank, CheckedWeights& weights) {
      if (rank == victim) (weights.*kind)[0][1] += 1e-3;
    };
  };
  for (const auto& result : checked(flip(2, &CheckedWeights::frozen)))
    EXPECT_NE(result.error.find("[after] expected frozen weights as at the start, got others in "
                                "rank 2"),
              std::string::npos)
        << result.error << result.text;
  for (const auto& result : checked(flip(1, &CheckedWeights::replicated)))
    EXPECT_NE(result.error.find("got others in rank 1 "), std::string::npos) << result.error;
  for (const auto& result : checked(flip(3, &CheckedWeights::cut)))
    EXPECT_NE(result.error.find("got others in ranks 1 3 "), std::string::npos) << result.error;
}

}  // namespace
}  // namespace flamingo::parallel
