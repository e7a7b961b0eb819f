#include "flamingo/eval/few_shot.h"

#include <gtest/gtest.h>

#include <algorithm>
#include <map>
#include <set>

#include "flamingo/core/error.h"
#include "tests/core/temporary_folder.h"
#include "tests/data/tiny_tokens.h"
#include "tests/pictures/tiny_pictures.h"

namespace flamingo::eval {
namespace {

using testing::TemporaryFolder;

class FewShotSamplerTest : public ::testing::Test {
 protected:
  FewShotSampler sampler(const FewShotTask& task, uint64_t seed = 1) const {
    return FewShotSampler(set_, testing::tiny_tokens(), {200, 201, 202, 203}, task, seed);
  }
  const pictures::LabelledPicture& drawing(int64_t index) const {
    return set_.pictures()[static_cast<size_t>(index)];
  }
  std::string shown(const data::SequenceMediaItem& media_item) const {
    return set_.class_of(data::views_of(media_item)[0].picture).name;
  }

  TemporaryFolder folder_;
  pictures::LabelledPictures set_ = testing::tiny_pictures(folder_, 20, 8);
  FewShotTask naming_{.name = "naming", .split = "style", .query_style = "twitter"};
  FewShotTask binding_{.name = "binding",
                       .ways = 2,
                       .shots = 1,
                       .split = "unseen",
                       .query_style = "twitter",
                       .shot_styles = {"openmoji", "openmoji-black"},
                       .made_up = true};
  FewShotTask names_{.name = "names",
                     .shots = 1,
                     .split = "unseen",
                     .query_style = "twitter",
                     .shot_styles = {"openmoji"}};
};

TEST_F(FewShotSamplerTest, NamingAsksForOneOfFiveNames) {
  const FewShotSampler episodes = sampler(naming_);
  std::set<int64_t> answers;
  for (int64_t i = 0; i < 100; ++i) {
    const EvalEpisode episode = episodes.episode(i, EvalControl::kNone);
    EXPECT_EQ(testing::tiny_text(episode.request.prompt.ids), "^@Output:");
    ASSERT_EQ(episode.request.candidates.size(), 5u);
    const auto right = static_cast<size_t>(episode.answer);
    const std::string name = shown(episode.request.prompt.media[0]);
    EXPECT_EQ(episode.names[right], name);
    EXPECT_EQ(testing::tiny_text(episode.request.candidates[right]), " " + name + "|");
    EXPECT_EQ(drawing(episode.query()).split, "style");
    EXPECT_EQ(std::set(episode.names.begin(), episode.names.end()).size(), 5u);
    answers.insert(episode.answer);
  }
  EXPECT_EQ(answers.size(), 5u);
}

TEST_F(FewShotSamplerTest, AnOpenTaskShowsNamedPicturesOfOtherClasses) {
  FewShotTask open = naming_;
  open.open = true;
  open.shots = 3;
  open.shot_styles = {"openmoji"};
  for (int64_t i = 0; i < 20; ++i) {
    const EvalEpisode episode = sampler(open).episode(i, EvalControl::kNone);
    const auto& media = episode.request.prompt.media;
    ASSERT_EQ(media.size(), 4u);
    EXPECT_EQ(episode.answer, 0);
    EXPECT_EQ(shown(media[3]), episode.names[0]);
    for (size_t m = 0; m < 3; ++m) EXPECT_NE(shown(media[m]), episode.names[0]);
    EXPECT_EQ(testing::tiny_text(episode.request.prompt.ids).find(episode.names[0] + "|"),
              std::string::npos);
  }
  EXPECT_EQ(open.chance(), 0);
  open.shots = 0;
  EXPECT_EQ(testing::tiny_text(sampler(open).episode(0, EvalControl::kNone).request.prompt.ids),
            "^@Output:");
  open.made_up = true;
  EXPECT_THROW(sampler(open), Error);
}

TEST_F(FewShotSamplerTest, MayAskOnlyAboutClassesOfAnotherSplitToo) {
  FewShotTask task{.name = "lines", .ways = 3, .split = "train", .query_style = "openmoji"};
  const auto classes = [&] {
    std::set<std::string> names;
    for (int64_t i = 0; i < 200; ++i) {
      for (const std::string& name : sampler(task).episode(i, EvalControl::kNone).names)
        names.insert(name);
    }
    return names;
  };
  EXPECT_EQ(classes().size(), 20u);
  task.class_split = "style";  // of every second class
  EXPECT_EQ(classes().size(), 10u);
  EXPECT_FALSE(classes().contains("thing1"));
  task.class_split = "unseen";
  EXPECT_THROW(sampler(task), Error);
}

TEST_F(FewShotSamplerTest, TellsItsPicturesAndShots) {
  const FewShotSampler episodes = sampler(names_);
  const std::vector<int64_t> pictures = episodes.pictures();
  EXPECT_EQ(pictures.size(), 16u);  // of 8 classes in two styles
  EXPECT_TRUE(std::ranges::is_sorted(pictures));
  const EvalEpisode episode = episodes.episode(0, EvalControl::kNone);
  ASSERT_EQ(episode.shots.size(), 5u);
  for (size_t c = 0; c < 5; ++c) {
    ASSERT_EQ(episode.shots[c].size(), 1u);
    EXPECT_EQ(set_.class_of(episode.shots[c][0]).name, episode.names[c]);
    EXPECT_EQ(std::ranges::count(pictures, episode.shots[c][0]), 1);
  }
}

TEST_F(FewShotSamplerTest, BindingShowsEachWordOnceInTheOtherStyle) {
  const FewShotSampler episodes = sampler(binding_);
  for (int64_t i = 0; i < 50; ++i) {
    const EvalEpisode episode = episodes.episode(i, EvalControl::kNone);
    const data::Sequence& prompt = episode.request.prompt;
    ASSERT_EQ(prompt.media.size(), 3u);
    std::map<std::string, int32_t> bound;
    for (size_t t = 0; t < prompt.ids.size(); ++t) {
      if (prompt.ids[t] < 200) continue;
      const data::SequenceMediaItem& media_item =
          prompt.media[static_cast<size_t>(prompt.phi[t] - 1)];
      EXPECT_EQ(drawing(data::views_of(media_item)[0].picture).style, "openmoji");
      bound[shown(media_item)] = prompt.ids[t];
    }
    ASSERT_EQ(bound.size(), 2u);
    EXPECT_EQ(drawing(data::views_of(prompt.media[2])[0].picture).style, "twitter");
    const auto& right = episode.request.candidates[static_cast<size_t>(episode.answer)];
    EXPECT_EQ(right, (std::vector<int32_t>{bound.at(shown(prompt.media[2])), 3}));
  }
}

TEST_F(FewShotSamplerTest, NamesShowsOnePictureOfEachCandidate) {
  const EvalEpisode episode = sampler(names_).episode(3, EvalControl::kNone);
  std::set<std::string> support;
  for (size_t m = 0; m < 5; ++m) support.insert(shown(episode.request.prompt.media[m]));
  EXPECT_EQ(support, std::set(episode.names.begin(), episode.names.end()));
}

TEST_F(FewShotSamplerTest, ControlsChangeTheQuerysPictureOnly) {
  const FewShotSampler episodes = sampler(names_);
  for (int64_t i = 0; i < 30; ++i) {
    const EvalEpisode plain = episodes.episode(i, EvalControl::kNone);
    const EvalEpisode removed = episodes.episode(i, EvalControl::kRemoved);
    const EvalEpisode exchanged = episodes.episode(i, EvalControl::kExchanged);
    EXPECT_EQ(removed.request.prompt.ids, plain.request.prompt.ids);
    EXPECT_EQ(exchanged.request.prompt.ids, plain.request.prompt.ids);
    EXPECT_EQ(removed.request.candidates, plain.request.candidates);
    EXPECT_EQ(removed.answer, plain.answer);
    ASSERT_EQ(removed.request.prompt.media.size(), 5u);
    for (size_t t = 0; t < plain.request.prompt.phi.size(); ++t) {
      const int32_t phi = plain.request.prompt.phi[t];
      EXPECT_EQ(removed.request.prompt.phi[t], phi == 6 ? 0 : phi);
    }
    EXPECT_EQ(exchanged.request.prompt.phi, plain.request.prompt.phi);
    const std::string stranger = shown(exchanged.request.prompt.media[5]);
    EXPECT_EQ(std::ranges::count(exchanged.names, stranger), 0);
  }
}

TEST_F(FewShotSamplerTest, DependsOnSeedAndIndexOnly) {
  const EvalEpisode first = sampler(naming_).episode(7, EvalControl::kNone);
  EXPECT_EQ(first.names, sampler(naming_).episode(7, EvalControl::kNone).names);
  EXPECT_NE(first.names, sampler(naming_).episode(8, EvalControl::kNone).names);
  EXPECT_NE(first.names, sampler(naming_, 2).episode(7, EvalControl::kNone).names);
}

TEST_F(FewShotSamplerTest, RefusesWhatTheSetCannotGive) {
  FewShotTask task = naming_;
  task.ways = 10;
  EXPECT_THROW(sampler(task), Error);  // 10 held-out drawings leave none to exchange
  EXPECT_THROW(FewShotSampler::check(set_, task), Error);
  EXPECT_NO_THROW(FewShotSampler::check(set_, naming_));
  task = binding_;
  task.shots = 2;
  EXPECT_THROW(sampler(task), Error);  // the tiny set has no outlines of unseen concepts
  task.shots = 3;
  EXPECT_THROW(sampler(task), Error);
  EXPECT_THROW(FewShotSampler(set_, testing::tiny_tokens(), {5}, binding_, 1), Error);
}

TEST_F(FewShotSamplerTest, WithoutStylesShotsAreOtherPicturesOfTheClass) {
  const FewShotTask task{.name = "own", .ways = 2, .shots = 1, .split = "train", .made_up = true};
  const FewShotSampler episodes = sampler(task);
  std::set<std::string> queried;
  for (int64_t i = 0; i < 60; ++i) {
    const EvalEpisode episode = episodes.episode(i, EvalControl::kNone);
    std::set<int64_t> shown;
    for (const data::SequenceMediaItem& media_item : episode.request.prompt.media)
      shown.insert(data::views_of(media_item)[0].picture);
    EXPECT_EQ(shown.size(), 3u) << "the query is none of the shots";
    queried.insert(drawing(episode.query()).style);
  }
  EXPECT_EQ(queried.size(), 2u);
}

TEST_F(FewShotSamplerTest, AStyleThatIsAskedAboutNeedsOnePictureMore) {
  FewShotTask task{
      .name = "one", .ways = 2, .shots = 1, .split = "train", .shot_styles = {"openmoji"}};
  EXPECT_THROW(sampler(task), Error);  // the shot could be the query itself
  task.query_style = "openmoji-black";
  EXPECT_NO_THROW(sampler(task));
}

TEST(DefaultTasks, AreTheModelCardsMeasurements) {
  const auto tasks = default_tasks();
  ASSERT_EQ(tasks.size(), 4u);
  EXPECT_DOUBLE_EQ(tasks[0].chance(), 0.2);
  EXPECT_DOUBLE_EQ(tasks[1].chance(), 0.5);
  EXPECT_TRUE(tasks[1].made_up && tasks[2].made_up && !tasks[3].made_up);
}

}  // namespace
}  // namespace flamingo::eval
