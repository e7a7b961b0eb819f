#include "flamingo/train/mixture.h"

#include <gtest/gtest.h>

#include <numeric>

#include "flamingo/core/error.h"

namespace flamingo::train {
namespace {

/// A sequence with `targets` targets whose first id tells it apart.
data::Sequence sequence(int32_t id, int64_t targets) {
  data::Sequence result{.ids = {id}, .phi = {0}, .label = {0}, .key = std::to_string(id)};
  for (int64_t i = 0; i < targets; ++i) {
    result.ids.push_back(7);
    result.phi.push_back(0);
    result.label.push_back(1);
  }
  return result;
}

/// A source whose batches a function makes.
class MadeSource : public data::SequenceSource {
 public:
  using Make = std::function<data::SequenceBatch(int64_t index)>;
  MadeSource(std::string name, Make make)
      : SequenceSource(std::move(name)), make_(std::move(make)) {}
  data::SequenceBatch batch(int64_t index, const data::BatchShare&) const override {
    return make_(index);
  }
  data::SourceViews views() const override { return {}; }
  Json views_key() const override { return {}; }
  torch::Tensor render(std::span<const data::ViewRef>, std::vector<std::string>&) const override {
    return {};
  }
  void use_views(data::ViewStore) override {}

 private:
  Make make_;
};

TrainSource made(const std::string& name, double weight, MadeSource::Make make) {
  return {std::make_shared<const MadeSource>(name, std::move(make)), weight};
}

/// Batch i holds sequences first + 10 i and first + 10 i + 1, of 1 and 3 targets.
TrainSource source(const std::string& name, double weight, int32_t first) {
  return made(name, weight, [first](int64_t index) {
    const auto id = first + 10 * static_cast<int32_t>(index);
    return data::SequenceBatch{{sequence(id, 1), sequence(id + 1, 3)}, {}};
  });
}

std::vector<std::string> keys_of(const MixtureStep& step) {
  std::vector<std::string> keys;
  for (const MicroBatch& micro_batch : step.micro_batches)
    keys.insert(keys.end(), micro_batch.batch.keys.begin(), micro_batch.batch.keys.end());
  return keys;
}

std::vector<TrainSource> two_sources() {
  return {source("pages", 1.0, 100), source("pairs", 0.2, 500)};
}

TEST(Mixture, AccumulatesEverySourceWithItsWeight) {
  const Mixture mixture(two_sources(), {});
  const MixtureStep step = mixture.step(2);
  ASSERT_EQ(step.micro_batches.size(), 2u);
  EXPECT_EQ(step.micro_batches[0].source, 0u);
  EXPECT_EQ(step.micro_batches[0].weight, 1.0);
  EXPECT_EQ(step.micro_batches[1].source, 1u);
  EXPECT_EQ(step.micro_batches[1].weight, 0.2);
  EXPECT_EQ(keys_of(step), (std::vector<std::string>{"120", "121", "520", "521"}));
}

TEST(Mixture, RoundRobinTakesTheSourcesInTurn) {
  const Mixture mixture(two_sources(), {.mode = MixtureMode::kRoundRobin});
  EXPECT_EQ(keys_of(mixture.step(0)), (std::vector<std::string>{"100", "101"}));
  EXPECT_EQ(keys_of(mixture.step(1)), (std::vector<std::string>{"500", "501"}));
  EXPECT_EQ(keys_of(mixture.step(2)), (std::vector<std::string>{"110", "111"}));
  EXPECT_EQ(mixture.step(3).micro_batches[0].source, 1u);
}

TEST(Mixture, MergedIsOneBatchOfAll) {
  const Mixture mixture(two_sources(), {.mode = MixtureMode::kMerged});
  const MixtureStep step = mixture.step(0);
  ASSERT_EQ(step.micro_batches.size(), 1u);
  EXPECT_EQ(step.micro_batches[0].weight, 1.0);
  EXPECT_EQ(step.micro_batches[0].batch.keys.size(), 4u);
  EXPECT_EQ(mixture.names(), (std::vector<std::string>{"merged"}));
}

TEST(Mixture, MicroBatchesWeighByTheirTargets) {
  const Mixture mixture(two_sources(), {.micro_batch = 1});
  const MixtureStep step = mixture.step(0);
  ASSERT_EQ(step.micro_batches.size(), 4u);
  EXPECT_DOUBLE_EQ(step.micro_batches[0].weight, 0.25);
  EXPECT_DOUBLE_EQ(step.micro_batches[1].weight, 0.75);
  EXPECT_DOUBLE_EQ(step.micro_batches[2].weight, 0.2 * 0.25);
  EXPECT_DOUBLE_EQ(step.micro_batches[3].weight, 0.2 * 0.75);
}

TEST(Mixture, TellsWhatWasPassedOver) {
  auto sources = two_sources();
  sources[1] = made("pairs", 0.2, [](int64_t) {
    return data::SequenceBatch{{sequence(1, 1)}, {"b.tar:3: cut off"}};
  });
  const MixtureStep step = Mixture(sources, {}).step(0);
  ASSERT_EQ(step.damaged.size(), 1u);
  EXPECT_EQ(step.damaged[0], (std::pair<size_t, std::string>{1, "b.tar:3: cut off"}));
}

TEST(Mixture, CountsTheDamagedFramesOfAllSources) {
  const auto damaged = [](int64_t frames) {
    return [frames](int64_t) {
      data::SequenceBatch batch{{sequence(1, 1), sequence(2, 1)}, {}};
      for (data::Sequence& sequence : batch.sequences) sequence.frames_bad = frames;
      return batch;
    };
  };
  const std::vector<TrainSource> sources = {made("a", 1.0, damaged(3)), made("b", 1.0, damaged(5))};
  EXPECT_EQ(Mixture(sources, {}).step(0).frames_bad, 16);
  EXPECT_EQ(Mixture(sources, {.mode = MixtureMode::kMerged}).step(0).frames_bad, 16);
  EXPECT_EQ(Mixture(sources, {.mode = MixtureMode::kRoundRobin}).step(1).frames_bad, 10);
}

TEST(Mixture, RefusesWhatCannotBeMixed) {
  EXPECT_THROW(Mixture({}, {}), Error);
  EXPECT_THROW(Mixture({source("a", 1, 0), source("a", 1, 0)}, {}), Error);
  EXPECT_THROW(Mixture({source("a", 0, 0)}, {}), Error);
  EXPECT_THROW(Mixture({source("a", 1, 0)}, {.micro_batch = -1}), Error);
}

}  // namespace
}  // namespace flamingo::train
