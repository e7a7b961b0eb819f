#include "flamingo/data/pictogram_set.h"

#include <gtest/gtest.h>

#include <algorithm>
#include <map>

#include "flamingo/core/file.h"
#include "tests/core/temporary_folder.h"
#include "tests/data/tiny_pictograms.h"

namespace flamingo::data {
namespace {

using testing::TemporaryFolder;
using testing::tiny_pictograms;

TEST(PictogramSet, ReadsWhatWasWritten) {
  const TemporaryFolder folder;
  const PictogramSet set = tiny_pictograms(folder, 4, 2);
  ASSERT_EQ(set.concepts().size(), 6u);
  ASSERT_EQ(set.drawings().size(), 14u);
  EXPECT_EQ(set.concepts()[3].name, "thing3");
  EXPECT_EQ(set.concepts()[3].tags, (std::vector<std::string>{"tag3a", "tag3b"}));
  EXPECT_EQ(set.concepts()[5].split, PictogramSplit::kUnseen);
  const auto expected = testing::square_drawing({16, 239, 64}, 20);
  const auto outline = set.find_drawing(1, PictogramStyle::kOutline);
  ASSERT_TRUE(outline.has_value());
  EXPECT_TRUE(std::ranges::equal(set.pixels(*outline), expected));
}

TEST(PictogramSet, SplitsKeepHeldOutDrawingsApart) {
  const TemporaryFolder folder;
  const PictogramSet set = tiny_pictograms(folder, 4, 2);
  EXPECT_EQ(set.concepts_in(PictogramSplit::kTrain), (std::vector<int64_t>{0, 1, 2, 3}));
  EXPECT_EQ(set.concepts_in(PictogramSplit::kUnseen), (std::vector<int64_t>{4, 5}));
  EXPECT_EQ(set.drawings_in(PictogramSplit::kStyle), (std::vector<int64_t>{2, 7}));
  EXPECT_EQ(set.drawings_of(0, PictogramSplit::kTrain), (std::vector<int64_t>{0, 1}));
  EXPECT_EQ(set.drawings_of(0, PictogramSplit::kStyle), (std::vector<int64_t>{2}));
  EXPECT_EQ(set.find_drawing(1, PictogramStyle::kTwitter), std::nullopt);
}

TEST(PictogramSet, RefusesOtherFiles) {
  const TemporaryFolder folder;
  const std::string path = folder.file("other.safetensors");
  io::write_safetensors(path, {});
  EXPECT_THROW(PictogramSet::open(path), Error);
  EXPECT_THROW(PictogramSet::open(folder.file("missing")), Error);
  EXPECT_THROW(PictogramSet::open(folder.file("")), Error);
}

TEST(PictogramSet, RefusesEveryPrefix) {
  const TemporaryFolder folder;
  tiny_pictograms(folder, 2, 0);
  const std::string bytes = read_file(folder.file("tiny.safetensors"), 1 << 20);
  const auto view = std::as_bytes(std::span(bytes));
  for (size_t size = 0; size < bytes.size(); size += size < 3000 ? 37 : 4001) {
    EXPECT_THROW(PictogramSet::parse(view.first(size), "prefix"), Error) << size;
  }
  EXPECT_NO_THROW(PictogramSet::parse(view, "whole"));
}

TEST(PictogramSet, RefusesIndicesAndSizesThatDoNotFit) {
  const TemporaryFolder folder;
  const std::vector<uint8_t> pixels(kPictogramBytes, 0);
  const std::string path = folder.file("bad.safetensors");
  EXPECT_THROW(write_pictograms(path, {{.name = "a"}}, {{.concept_index = 1}}, pixels), Error);
  EXPECT_THROW(write_pictograms(path, {{.name = "a"}}, {}, pixels), Error);
  EXPECT_FALSE(std::filesystem::exists(path));
  const PictogramSet set = tiny_pictograms(folder, 2, 0);
  EXPECT_THROW(set.pixels(-1), Error);
  EXPECT_THROW(set.pixels(std::ssize(set.drawings())), Error);
}

TEST(SampleCaption, FollowsTheConfiguredShares) {
  const PictogramConcept apple{.name = "red apple", .tags = {"fruit", "health", "tree", "red"}};
  Rng rng(7);
  std::map<std::string, int> kinds;
  constexpr int kCount = 4000;
  for (int i = 0; i < kCount; ++i) {
    const std::string caption = sample_caption(apple, {}, rng);
    const bool named = caption.starts_with("red apple");
    EXPECT_LE(std::ranges::count(caption, ','), named ? 3 : 2) << caption;
    ++kinds[caption == "red apple" ? "name" : named ? "both" : "tags"];
  }
  EXPECT_NEAR(kinds["name"], 0.5 * kCount, 150);
  EXPECT_NEAR(kinds["tags"], 0.3 * kCount, 150);
  EXPECT_NEAR(kinds["both"], 0.2 * kCount, 150);
}

TEST(SampleCaption, NeverRepeatsATagAndFallsBackToTheName) {
  Rng rng(3);
  const PictogramConcept two{.name = "x", .tags = {"a", "b"}};
  for (int i = 0; i < 200; ++i) {
    const std::string caption = sample_caption(two, {.name = 0, .tags = 1}, rng);
    EXPECT_TRUE(caption == "a" || caption == "b" || caption == "a, b" || caption == "b, a");
  }
  EXPECT_EQ(sample_caption({.name = "bare"}, {.name = 0, .tags = 1}, rng), "bare");
}

}  // namespace
}  // namespace flamingo::data
