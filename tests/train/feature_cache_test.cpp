#include "flamingo/train/feature_cache.h"

#include <fcntl.h>
#include <gtest/gtest.h>
#include <sys/file.h>
#include <torch/types.h>
#include <unistd.h>

#include <cmath>
#include <filesystem>
#include <fstream>

#include "flamingo/core/error.h"
#include "flamingo/core/file.h"
#include "tests/core/temporary_folder.h"

namespace flamingo::train {
namespace {

using testing::TemporaryFolder;

constexpr int64_t kCachePatches = 2, kCacheDim = 3;

FeaturePlan plan_of(int64_t pictures) {
  FeaturePlan plan{
      .views = 3, .patches = kCachePatches, .dim = kCacheDim, .key = {{"encoder", "abc"}}};
  for (int64_t i = 0; i < pictures; ++i) plan.pictures.push_back(10 + 3 * i);
  return plan;
}

/// "Pixels" tell the view; "features" are 100 * view + picture in every place.
struct Fixture {
  int64_t damaged = -1;  ///< number of a picture
  int64_t encoded = 0;
  std::atomic<bool> stop{false};
  int64_t stop_after = 1 << 30;
  FeatureSource source() {
    return {.render =
                [this](std::span<const data::ViewRef> views, std::vector<std::string>& names) {
                  auto pixels = torch::empty({static_cast<int64_t>(views.size()), 3, 1, 1});
                  for (size_t i = 0; i < views.size(); ++i) {
                    pixels[static_cast<int64_t>(i)].fill_(
                        static_cast<double>(100 * views[i].view + views[i].picture % 100));
                    if (views[i].picture != damaged) continue;
                    pixels[static_cast<int64_t>(i)].fill_(NAN);
                    names.push_back("picture " + std::to_string(damaged));
                  }
                  return pixels;
                },
            .encode =
                [this](const torch::Tensor& pixels) {
                  encoded += pixels.size(0);
                  if (encoded >= stop_after) stop = true;
                  return pixels.select(1, 0).expand({-1, kCachePatches, kCacheDim});
                },
            .stop = &stop};
  }
};

TEST(FeatureCache, OneRunAtATimeMakesFeatures) {
  const TemporaryFolder folder;
  Fixture f{.stop_after = 100};
  const FeaturePlan plan = plan_of(100);
  ASSERT_FALSE(FeatureCache::build(folder.path(), plan, f.source()));
  f.stop_after = 1 << 30;
  f.stop = false;
  const int other = ::open(folder.file("features.bf16.part").c_str(), O_RDWR);
  ASSERT_EQ(::flock(other, LOCK_EX), 0);
  EXPECT_THROW(FeatureCache::build(folder.path(), plan, f.source()), Error);
  ::close(other);
  EXPECT_TRUE(FeatureCache::build(folder.path(), plan, f.source()));
}

TEST(FeatureCache, GathersTheViewsAskedFor) {
  const TemporaryFolder folder;
  Fixture f;
  const FeaturePlan plan = plan_of(5);
  ASSERT_TRUE(FeatureCache::build(folder.path(), plan, f.source()));
  EXPECT_EQ(f.encoded, 15);
  const FeatureCache cache(folder.path(), plan);
  const std::vector<data::ViewRef> views = {{13, 2}, {10, 0}, {22, 1}};
  const auto features = cache.gather(views);
  ASSERT_EQ(features.sizes(), (std::vector<int64_t>{3, kCachePatches, kCacheDim}));
  EXPECT_EQ(features.scalar_type(), torch::kBFloat16);
  EXPECT_TRUE(
      features.select(1, 1)
          .select(1, 2)
          .to(torch::kFloat32)
          .equal(torch::tensor({213.0f, 10.0f, 122.0f}).to(torch::kBFloat16).to(torch::kFloat32)));
  EXPECT_THROW(cache.gather(std::vector<data::ViewRef>{{11, 0}}), c10::Error);
  EXPECT_THROW(cache.gather(std::vector<data::ViewRef>{{10, 3}}), c10::Error);
}

TEST(FeatureCache, IsBuiltOnceAndGoesOnAfterAnInterruption) {
  const TemporaryFolder folder, whole;
  const FeaturePlan plan = plan_of(200);
  Fixture reference, first, second, third;
  ASSERT_TRUE(FeatureCache::build(whole.path(), plan, reference.source()));
  first.stop_after = 200;
  EXPECT_FALSE(FeatureCache::build(folder.path(), plan, first.source()));
  EXPECT_THROW(FeatureCache(folder.path(), plan), Error);
  std::ofstream(folder.file("features.bf16.part"), std::ios::app)
      << std::string(plan.row_bytes() + 4, 'x');  // torn inside a batch
  EXPECT_TRUE(FeatureCache::build(folder.path(), plan, second.source()));
  EXPECT_EQ(first.encoded + second.encoded, 600);
  EXPECT_EQ(read_file(folder.file("features.bf16"), 1 << 20),
            read_file(whole.file("features.bf16"), 1 << 20));
  EXPECT_TRUE(FeatureCache::build(folder.path(), plan, third.source()));
  EXPECT_EQ(third.encoded, 0);
}

TEST(FeatureCache, AnotherPlanReplacesTheFeatures) {
  const TemporaryFolder folder;
  Fixture first, second;
  FeaturePlan plan = plan_of(5);
  FeatureCache::build(folder.path(), plan, first.source());
  plan.key = {{"encoder", "def"}};
  EXPECT_THROW(FeatureCache(folder.path(), plan), Error);
  EXPECT_TRUE(FeatureCache::build(folder.path(), plan, second.source()));
  EXPECT_EQ(second.encoded, 15);
}

TEST(FeatureCache, ADamagedPictureIsNamedAndHasNoFeatures) {
  const TemporaryFolder folder;
  Fixture f{.damaged = 13};
  FeaturePlan plan = plan_of(5);
  std::string told;
  auto source = f.source();
  source.progress.write = [&](std::string_view text) { told += text; };
  ASSERT_TRUE(FeatureCache::build(folder.path(), plan, source));
  EXPECT_NE(told.find("skipping picture 13"), std::string::npos) << told;
  const FeatureCache cache(folder.path(), plan);
  for (int64_t row = 0; row < plan.num_rows(); ++row) {
    const data::ViewRef view = plan.view_of_row(row);
    EXPECT_EQ(cache.has(view), view.picture != 13);
    EXPECT_EQ(cache.gather(std::vector{view}).isnan().all().item<bool>(), view.picture == 13);
  }
  EXPECT_THROW(cache.has({11, 0}), c10::Error);
}

TEST(FeatureCache, SaysWhatItTakesAndRefusesWhatDoesNotFitTheDisk) {
  const TemporaryFolder folder;
  Fixture f;
  FeaturePlan plan = plan_of(5);
  plan.patches = plan.dim = 1 << 20;  // 15 rows of 2 TiB each
  std::string told;
  try {
    FeatureCache::build(folder.path(), plan, f.source());
  } catch (const Error& error) {
    told = error.what();
  }
  EXPECT_NE(told.find("expected 31457280 MiB of free disk"), std::string::npos) << told;
  EXPECT_EQ(f.encoded, 0);
  auto source = f.source();
  source.title = "features of pages";
  source.progress.write = [&](std::string_view text) { told += text; };
  ASSERT_TRUE(FeatureCache::build(folder.path(), plan_of(5), source));
  EXPECT_NE(told.find("features of pages: 1 MiB to be written into " + folder.path()),
            std::string::npos)
      << told;
}

TEST(FeatureCache, WrongShapesAndShortFilesAreErrors) {
  const TemporaryFolder folder;
  Fixture f;
  FeaturePlan plan = plan_of(5);
  auto source = f.source();
  source.encode = [](const torch::Tensor& pixels) { return pixels.flatten(1); };
  EXPECT_THROW(FeatureCache::build(folder.path(), plan, source), Error);
  ASSERT_TRUE(FeatureCache::build(folder.path(), plan, f.source()));
  std::filesystem::resize_file(folder.file("features.bf16"), 10);
  EXPECT_THROW(FeatureCache(folder.path(), plan), Error);
}

}  // namespace
}  // namespace flamingo::train
