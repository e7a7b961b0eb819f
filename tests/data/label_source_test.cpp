#include "flamingo/data/label_source.h"

#include <gtest/gtest.h>

#include <set>

#include "flamingo/core/error.h"
#include "flamingo/core/file.h"
#include "flamingo/pictures/open_pictures.h"
#include "tests/core/temporary_folder.h"
#include "tests/pictures/tiny_pictures.h"

namespace flamingo::data {
namespace {

using testing::TemporaryFolder;
using testing::tiny_pictures;
using Pixels = std::vector<uint8_t>;

const media::TransformConfig kLabelTransform{
    .size = 16, .mean = {0.5, 0.5, 0.5}, .std = {0.5, 0.5, 0.5}};

TEST(LabelSource, AnEpochShowsEveryClassOfTheSplitOnce) {
  const TemporaryFolder folder;
  const LabelSource source({.classes = 4}, tiny_pictures(folder, 12, 4), kLabelTransform);
  ASSERT_EQ(source.batches_per_epoch(), 3);
  std::set<int64_t> seen;
  for (int64_t index = 3; index < 6; ++index) {
    const CaptionedBatch batch = source.batch(index);
    EXPECT_EQ(batch.pixels.sizes(), (std::vector<int64_t>{8, 3, 16, 16}));
    seen.insert(batch.concepts.begin(), batch.concepts.end());
  }
  EXPECT_EQ(seen.size(), 12u);
  const LabelSource unseen({.split = "unseen", .classes = 4}, tiny_pictures(folder, 12, 4),
                           kLabelTransform);
  EXPECT_EQ(unseen.batches_per_epoch(), 1);
}

TEST(LabelSource, BothHalvesDescribeTheSameClass) {
  const TemporaryFolder folder;
  const pictures::AugmentConfig plain = {.mirror = 0, .white_background = 1, .erase = 0};
  const LabelSource source({.classes = 3, .caption = {.name = 1, .tags = 0}, .augment = plain},
                           tiny_pictures(folder, 6, 0), kLabelTransform);
  const CaptionedBatch batch = source.batch(0);
  ASSERT_EQ(batch.captions.size(), 6u);
  for (size_t row = 0; row < 3; ++row) {
    EXPECT_TRUE(batch.captions[row].starts_with("thing"));
    EXPECT_EQ(batch.captions[row], batch.captions[3 + row]);
    EXPECT_EQ(batch.concepts[row], batch.concepts[3 + row]);
    EXPECT_FALSE(
        batch.pixels[static_cast<int64_t>(row)].equal(batch.pixels[static_cast<int64_t>(row) + 3]));
  }
}

TEST(LabelSource, ADamagedPictureGivesWayToTheClasssNext) {
  const TemporaryFolder folder;
  for (const std::string name : {"a", "b", "c"}) {
    make_folder(folder.file("set/" + name));
    for (const std::string file : {"1", "2"})
      write_file_atomic(folder.file("set/" + name + "/" + file + ".png"),
                        media::encode_png({.height = 2, .width = 2, .pixels = Pixels(12, 90)}));
  }
  write_file_atomic(folder.file("set/b/2.png"), "damaged");
  const auto source = [&] {
    return LabelSource({.classes = 3}, pictures::open_pictures(folder.file("set")),
                       kLabelTransform);
  };
  const CaptionedBatch batch = source().batch(0);
  EXPECT_TRUE(batch.pixels.isfinite().all().item<bool>());
  ASSERT_EQ(batch.damaged.size(), 1u);
  EXPECT_NE(batch.damaged[0].find("b/2.png"), std::string::npos);
  write_file_atomic(folder.file("set/b/1.png"), "damaged too");
  EXPECT_THROW(source().batch(0), Error);
}

TEST(LabelSource, KeptViewsAreShownByReference) {
  const TemporaryFolder folder;
  const pictures::LabelledPictures set = tiny_pictures(folder, 6, 0);
  LabelSource source({.classes = 3, .cached_views = 2}, set, kLabelTransform);
  EXPECT_TRUE(LabelSource({.classes = 3}, set, kLabelTransform).views().pictures.empty());
  const SourceViews shown = source.views();
  EXPECT_EQ(shown.views, 3);
  EXPECT_EQ(shown.pictures, set.pictures_in("train"));
  const CaptionedBatch varied = source.batch(0);
  const int64_t damaged = shown.pictures.front();
  source.use_views({.number = 4, .has = [&](const ViewRef& view) {
                      EXPECT_LT(view.view, 3);
                      return view.picture != damaged;
                    }});
  std::set<int64_t> views;
  for (int64_t index = 0; index < 20; ++index) {
    const CaptionedBatch batch = source.batch(index);
    EXPECT_FALSE(batch.pixels.defined());
    ASSERT_EQ(batch.views.size(), 6u);
    for (size_t i = 0; i < 6; ++i) {
      const ViewRef& view = batch.views[i];
      EXPECT_EQ(view.store, 4);
      EXPECT_NE(view.picture, damaged);
      EXPECT_EQ(batch.concepts[i], batch.concepts[(i + 3) % 6]);
      EXPECT_EQ(set.picture(view.picture).class_index,
                set.picture(batch.views[(i + 3) % 6].picture).class_index);
      views.insert(view.view);
    }
  }
  EXPECT_EQ(views, (std::set<int64_t>{0, 1, 2}));
  EXPECT_EQ(source.batch(0).concepts, varied.concepts) << "the same order";
  EXPECT_THROW(source.use_views({.has = [](const ViewRef&) { return false; }}), Error);
}

TEST(LabelSource, ItsIdentityIsThatOfItsLabels) {
  const TemporaryFolder folder, other;
  const auto identity = [](const pictures::LabelledPictures& set) {
    return LabelSource({.classes = 3}, set, kLabelTransform).identity();
  };
  const Json first = identity(tiny_pictures(folder, 8, 0));
  EXPECT_EQ(identity(tiny_pictures(other, 8, 0)), first);
  EXPECT_NE(identity(tiny_pictures(other, 9, 0)), first);
}

TEST(LabelSource, AResumedRunSeesTheSameBatches) {
  const TemporaryFolder folder;
  const auto set = tiny_pictures(folder, 8, 0);
  const LabelSource whole({.classes = 3}, set, kLabelTransform);
  for (int64_t index = 0; index < 5; ++index) whole.batch(index);
  const CaptionedBatch expected = whole.batch(5);
  const CaptionedBatch resumed = LabelSource({.classes = 3}, set, kLabelTransform).batch(5);
  EXPECT_TRUE(expected.pixels.equal(resumed.pixels));
  EXPECT_EQ(expected.captions, resumed.captions);
  EXPECT_EQ(expected.concepts, resumed.concepts);
}

TEST(LabelSource, SharesAreTheRowsOfTheWholeBatch) {
  const TemporaryFolder folder;
  const LabelSource source({.classes = 6}, tiny_pictures(folder, 8, 0), kLabelTransform);
  const CaptionedBatch whole = source.batch(0);
  for (int64_t rank = 0; rank < 3; ++rank) {
    const CaptionedBatch share = source.batch(0, {.rank = rank, .of = 3});
    ASSERT_EQ(share.captions.size(), 4u);
    for (int64_t i = 0; i < 4; ++i) {
      const int64_t row = i / 2 * 6 + 2 * rank + i % 2;
      EXPECT_EQ(share.captions[static_cast<size_t>(i)], whole.captions[static_cast<size_t>(row)]);
      EXPECT_TRUE(share.pixels[i].equal(whole.pixels[row])) << row;
    }
  }
}

TEST(LabelSource, RefusesBatchesLargerThanTheSet) {
  const TemporaryFolder folder;
  const auto set = tiny_pictures(folder, 4, 8);
  EXPECT_THROW(LabelSource({.classes = 5}, set, kLabelTransform), Error);
  EXPECT_THROW(LabelSource({.classes = 2}, set, kLabelTransform).batch(-1), Error);
}

}  // namespace
}  // namespace flamingo::data
