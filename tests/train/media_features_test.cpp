#include "flamingo/train/media_features.h"

#include <gtest/gtest.h>

#include "tests/data/broken_picture.h"
#include "tests/data/tiny_shards.h"
#include "tests/train/tiny_run.h"

namespace flamingo::train {
namespace {

using testing::TinyRun;

/// A started model and ten captioned pictures.
class MediaFeaturesTest : public ::testing::Test {
 protected:
  MediaFeaturesTest() {
    hooks_.parallel = &parallel_;
    hooks_.progress.write = [this](std::string_view text) { told_ += text; };
    config_.files = {run_.file("pairs.tar")};
    config_.window = {.max_tokens = 32, .max_media = 1, .p_next = 0};
    config_.cached_views = 2;
    write_pairs(0);
  }
  static StartedModel started(const TinyRun& run) {
    pretrain_vision(run.vision(), {});
    return start_model(run.flamingo());
  }
  void write_pairs(int64_t first) const {
    testing::write_pair_shard(config_.files[0], set_, first, 10);
  }
  std::shared_ptr<data::DocumentSource> documents() const {
    return std::make_shared<data::DocumentSource>(
        config_, sequence_format(start_.tokenizer, start_.model->config()));
  }
  std::shared_ptr<data::SequenceSource> episodes() const {
    return make_source(recipe_.sources[0], start_.tokenizer, start_.model->config());
  }
  /// Whether the features of "pairs" had to be made anew.
  bool builds() {
    told_.clear();
    MediaFeatures features(recipe_, start_, hooks_);
    EXPECT_TRUE(features.add("pairs", documents()));
    return told_.find("20/20") != std::string::npos;
  }

  TinyRun run_;
  TrainFlamingoRecipe recipe_ = run_.flamingo();
  StartedModel start_ = started(run_);
  pictures::LabelledPictures set_ = pictures::open_packed(recipe_.sources[0].episodes->pictures);
  parallel::Parallel parallel_;
  TrainHooks hooks_;
  std::string told_;
  data::DocumentSourceConfig config_;
};

TEST_F(MediaFeaturesTest, CachedViewsHaveTheFeaturesOfTheirPixels) {
  MediaFeatures features(recipe_, start_, hooks_);
  ASSERT_TRUE(features.add("episodes", episodes()));
  const auto source = documents();
  ASSERT_TRUE(features.add("pairs", source));
  std::vector<data::ViewRef> views;
  for (const int64_t number : source->views().pictures) {
    for (int64_t view = 0; view < 2; ++view)
      views.push_back({.picture = number, .view = view, .store = 1});
  }
  ASSERT_EQ(views.size(), 20u);
  std::vector<std::string> damaged;
  const auto direct = features({.pixels = source->render(views, damaged)});
  const auto kept = features({.views = views});
  EXPECT_TRUE(kept.equal(direct.to(torch::kBFloat16)));
  EXPECT_FALSE(kept[0].equal(kept[1]));
  const data::Sequence sequence = source->sequence(0, damaged);
  const data::MediaFrames& frames = data::views_of(sequence.media.at(0));
  EXPECT_TRUE(features({.views = frames})[0].equal(kept[2 * frames[0].picture + frames[0].view]));
  const auto picture = set_.pictures_in("train")[0];
  EXPECT_EQ(features({.views = {{picture, 1}}}).sizes(), kept.slice(0, 0, 1).sizes());
}

TEST_F(MediaFeaturesTest, EpisodesOfSeveralSeedsMayShareTheirViews) {
  const auto key = [&](uint64_t seed, uint64_t view_seed) {
    recipe_.sources[0].episodes->seed = seed;
    recipe_.sources[0].episodes->view_seed = view_seed;
    return episodes()->views_key();
  };
  EXPECT_EQ(key(1, 3), key(2, 3));
  EXPECT_NE(key(1, 0), key(2, 0));
  EXPECT_EQ(key(3, 0), key(1, 3));
}

TEST_F(MediaFeaturesTest, SourcesInOneBatchKeepTheirFeaturesApart) {
  MediaFeatures features(recipe_, start_, hooks_);
  const auto first = documents();
  config_.files[0] = run_.file("others.tar");
  write_pairs(3);
  const auto second = documents();
  ASSERT_TRUE(features.add("pairs", first));
  ASSERT_TRUE(features.add("others", second));
  std::vector<std::string> damaged;
  const auto batch = collate(std::vector{second->sequence(0, damaged), first->sequence(0, damaged),
                                         second->sequence(1, damaged)});
  ASSERT_EQ(batch.groups.size(), 2u);
  EXPECT_EQ(batch.groups[1].views.size(), 2u);
  for (const size_t group : {0, 1}) {
    const auto& views = batch.groups[group].views;
    const auto all_of = [&](const data::DocumentSource& source) {
      std::vector<data::ViewRef> all;
      for (int64_t row = 0; row < 20; ++row) all.push_back({.picture = row / 2, .view = row % 2});
      return features({.pixels = source.render(all, damaged)}).to(torch::kBFloat16);
    };
    const auto own = all_of(group == 0 ? *first : *second);
    const auto other = all_of(group == 0 ? *second : *first);
    const auto kept = features(batch.groups[group]);
    for (size_t i = 0; i < views.size(); ++i) {
      const int64_t row = 2 * views[i].picture + views[i].view;
      EXPECT_TRUE(kept[static_cast<int64_t>(i)].equal(own[row])) << group << ' ' << i;
      EXPECT_FALSE(kept[static_cast<int64_t>(i)].equal(other[row])) << group << ' ' << i;
    }
  }
}

TEST_F(MediaFeaturesTest, FeaturesAreMadeAnewForWhatTheyDependOnAndNothingElse) {
  EXPECT_TRUE(builds());
  EXPECT_FALSE(builds());
  config_.window.max_tokens = 16;
  config_.batch = 2;
  std::filesystem::rename(config_.files[0], run_.file("moved.tar"));
  config_.files[0] = run_.file("moved.tar");
  EXPECT_FALSE(builds());
  config_.variation.flip = 0.25;
  EXPECT_TRUE(builds());
  config_.seed = 7;
  EXPECT_TRUE(builds());
  write_pairs(1);
  EXPECT_TRUE(builds());
  {
    const torch::NoGradGuard no_grad;
    start_.model->vision_encoder->parameters().front().mul_(2);
  }
  EXPECT_TRUE(builds());
  EXPECT_FALSE(builds());
  config_.cached_views = 1;
  builds();
  EXPECT_NE(told_.find("10/10"), std::string::npos) << told_;
}

TEST_F(MediaFeaturesTest, ADamagedPictureIsPassedOver) {
  testing::break_picture(config_.files[0], 4);
  MediaFeatures features(recipe_, start_, hooks_);
  const auto source = documents();
  ASSERT_TRUE(features.add("pairs", source));
  const size_t named = told_.find("skipping " + config_.files[0] + ":4");
  EXPECT_NE(named, std::string::npos) << told_;
  EXPECT_EQ(told_.find("skipping", named + 1), std::string::npos) << told_;
  std::vector<std::string> damaged;
  for (int64_t i = 0; i < 10; ++i) {
    const data::Sequence sequence = source->sequence(i, damaged);
    EXPECT_FALSE(
        features({.views = data::views_of(sequence.media.at(0))}).isnan().any().item<bool>());
  }
  ASSERT_GE(damaged.size(), 1u);
  EXPECT_NE(damaged[0].find("pairs.tar:4"), std::string::npos) << damaged[0];
}

TEST_F(MediaFeaturesTest, ASourceWithoutCachedViewsShowsPixels) {
  config_.cached_views = 0;
  MediaFeatures features(recipe_, start_, hooks_);
  const auto source = documents();
  ASSERT_TRUE(features.add("pairs", source));
  EXPECT_TRUE(features.key().is_null());
  std::vector<std::string> damaged;
  EXPECT_TRUE(std::holds_alternative<torch::Tensor>(source->sequence(0, damaged).media.at(0)));
}

TEST_F(MediaFeaturesTest, EpisodesNeverShowADamagedPicture) {
  const auto source = episodes();
  const data::ViewRef bad{.picture = set_.pictures_in("train")[3], .view = 1};
  source->use_views({.number = 5, .has = [&](const data::ViewRef& view) { return view != bad; }});
  int64_t shown = 0;
  for (int64_t index = 0; index < 50; ++index) {
    for (const data::Sequence& sequence : source->batch(index).sequences) {
      for (const data::SequenceMediaItem& media_item : sequence.media) {
        const data::ViewRef& view = data::views_of(media_item)[0];
        EXPECT_EQ(view.store, 5);
        EXPECT_NE(view.picture, bad.picture);
        ++shown;
      }
    }
  }
  EXPECT_GT(shown, 400);
}

TEST_F(MediaFeaturesTest, ATrainedEncoderSeesTheViewsOfEpisodesInTheStep) {
  recipe_.trainable.vision = true;
  start_ = start_model(recipe_);
  MediaFeatures features(recipe_, start_, hooks_);
  const auto source = episodes();
  ASSERT_TRUE(features.add("episodes", source));
  const std::vector<data::ViewRef> views{{.picture = 0, .view = 1}, {.picture = 4, .view = 0}};
  std::vector<std::string> damaged;
  const auto pixels = source->render(views, damaged);
  EXPECT_TRUE(features({.views = views}).equal(features({.pixels = pixels})));
  EXPECT_TRUE(features({.views = views}).requires_grad());
}

TEST(GatherBlends, ABlendIsTheMeanOfItsViews) {
  const auto number = [](std::span<const data::ViewRef> views) {
    std::vector<float> rows;
    for (const data::ViewRef& view : views)
      rows.push_back(static_cast<float>(100 * view.view + view.picture));
    return torch::tensor(rows);
  };
  const std::vector<data::ViewRef> views = {
      {13, 2}, {.picture = 10, .second_picture = 22}, {22, 1}};
  EXPECT_TRUE(gather_blends(views, number).equal(torch::tensor({213.0F, 16.0F, 122.0F})));
}

}  // namespace
}  // namespace flamingo::train
