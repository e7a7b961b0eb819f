#include "flamingo/data/contrastive_batches.h"

#include <gtest/gtest.h>

#include <set>

#include "tests/core/temporary_folder.h"
#include "tests/data/tiny_pictograms.h"

namespace flamingo::data {
namespace {

using testing::TemporaryFolder;
using testing::tiny_pictograms;

TEST(ContrastiveBatches, AnEpochShowsEveryTrainingConceptOnce) {
  const TemporaryFolder folder;
  const PictogramSet set = tiny_pictograms(folder, 12, 4);
  ContrastiveBatches batches(set, {.concepts = 4}, 16);
  ASSERT_EQ(batches.steps_per_epoch(), 3);
  std::set<int64_t> seen;
  for (int64_t step = 3; step < 6; ++step) {
    const CaptionedBatch batch = batches.batch(step);
    EXPECT_EQ(batch.pixels.sizes(), (std::vector<int64_t>{8, 3, 16, 16}));
    seen.insert(batch.concepts.begin(), batch.concepts.end());
  }
  EXPECT_EQ(seen.size(), 12u);
  EXPECT_LT(*seen.rbegin(), 12);
}

TEST(ContrastiveBatches, BothHalvesDescribeTheSameConcept) {
  const TemporaryFolder folder;
  const PictogramSet set = tiny_pictograms(folder, 6, 0);
  const AugmentConfig plain = {.mirror = 0, .white_background = 1, .erase = 0};
  ContrastiveBatches batches(
      set, {.concepts = 3, .caption = {.name = 1, .tags = 0}, .augment = plain}, 16);
  const CaptionedBatch batch = batches.batch(0);
  ASSERT_EQ(batch.captions.size(), 6u);
  for (size_t row = 0; row < 3; ++row) {
    const std::string name = set.concepts()[static_cast<size_t>(batch.concepts[row])].name;
    EXPECT_EQ(batch.captions[row], name);
    EXPECT_EQ(batch.captions[3 + row], name);
    EXPECT_FALSE(
        batch.pixels[static_cast<int64_t>(row)].equal(batch.pixels[static_cast<int64_t>(row) + 3]));
  }
}

TEST(ContrastiveBatches, AResumedRunSeesTheSameBatches) {
  const TemporaryFolder folder;
  const PictogramSet set = tiny_pictograms(folder, 8, 0);
  ContrastiveBatches whole(set, {.concepts = 3}, 16);
  for (int64_t step = 0; step < 5; ++step) whole.batch(step);
  const CaptionedBatch expected = whole.batch(5);
  const CaptionedBatch resumed = ContrastiveBatches(set, {.concepts = 3}, 16).batch(5);
  EXPECT_TRUE(expected.pixels.equal(resumed.pixels));
  EXPECT_EQ(expected.captions, resumed.captions);
  EXPECT_EQ(expected.concepts, resumed.concepts);
}

TEST(ContrastiveBatches, RefusesBatchesLargerThanTheSet) {
  const TemporaryFolder folder;
  const PictogramSet set = tiny_pictograms(folder, 4, 8);
  EXPECT_THROW(ContrastiveBatches(set, {.concepts = 5}, 16), Error);
  EXPECT_THROW(ContrastiveBatches(set, {.concepts = 2}, 16).batch(-1), Error);
}

}  // namespace
}  // namespace flamingo::data
