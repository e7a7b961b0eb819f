#include "flamingo/data/episodes.h"

#include <gtest/gtest.h>

#include <algorithm>
#include <map>
#include <set>

#include "flamingo/core/error.h"
#include "tests/core/temporary_folder.h"
#include "tests/data/tiny_tokens.h"
#include "tests/pictures/tiny_pictures.h"

namespace flamingo::data {
namespace {

using testing::TemporaryFolder;

constexpr int32_t kFirstWord = 1000;

class EpisodesTest : public ::testing::Test {
 protected:
  Episodes make(const EpisodeConfig& config) const {
    std::vector<int32_t> words;
    for (int32_t i = 0; i < 50; ++i) words.push_back(kFirstWord + i);
    return Episodes(set_, testing::tiny_tokens(), words, config);
  }
  /// A config in which only one kind occurs.
  static EpisodeConfig only(double EpisodeConfig::*kind) {
    EpisodeConfig config{
        .binding = 0, .random_pairs = 0, .same_group = 0, .video = 0, .question = 0};
    config.*kind = 1;
    return config;
  }
  const pictures::PictureClass& shown(const SequenceMediaItem& media_item) const {
    return set_.class_of(views_of(media_item)[0].picture);
  }
  /// What stands between "Output:" and the end of chunk, by media item.
  static std::vector<std::string> answers(const Sequence& sequence) {
    const std::string text = testing::tiny_text(sequence.ids);
    std::vector<std::string> found;
    for (size_t at = 0; (at = text.find("Output:", at)) != std::string::npos;) {
      const size_t end = text.find('|', at);
      found.push_back(text.substr(at + 7, end - at - 7));
      at = end;
    }
    return found;
  }

  TemporaryFolder folder_;
  pictures::LabelledPictures set_ = testing::tiny_pictures(folder_, 12, 4);
};

TEST_F(EpisodesTest, EverySequenceIsWellFormedAndFromTheTrainingSplit) {
  const Episodes episodes = make({.video = 0.3, .question = 0.3});
  for (int64_t i = 0; i < 300; ++i) {
    const Sequence sequence = episodes.sequence(i);
    ASSERT_EQ(sequence.ids.size(), sequence.phi.size());
    ASSERT_EQ(sequence.ids.size(), sequence.label.size());
    EXPECT_EQ(sequence.ids[0], 1);
    EXPECT_EQ(sequence.label[0], 0);
    EXPECT_GT(std::ranges::count(sequence.label, 1), 0);
    EXPECT_EQ(std::ranges::max(sequence.phi), std::ssize(sequence.media));
    EXPECT_EQ(std::ranges::count(sequence.ids, 2), std::ssize(sequence.media));
    for (const SequenceMediaItem& media_item : sequence.media) {
      for (const ViewRef& view : views_of(media_item)) {
        EXPECT_EQ(set_.pictures()[static_cast<size_t>(view.picture)].split, "train");
        EXPECT_LE(view.view, 5);
      }
    }
  }
}

TEST_F(EpisodesTest, BindingTeachesAWordBeforeItAsksForIt) {
  const Episodes episodes = make(only(&EpisodeConfig::binding));
  int three = 0;
  for (int64_t i = 0; i < 100; ++i) {
    const Sequence sequence = episodes.sequence(i);
    std::map<std::string, int32_t> bound;
    for (size_t t = 0; t < sequence.ids.size(); ++t) {
      if (sequence.ids[t] < kFirstWord) continue;
      const auto& media_item = sequence.media[static_cast<size_t>(sequence.phi[t] - 1)];
      const auto [it, first] = bound.try_emplace(shown(media_item).name, sequence.ids[t]);
      EXPECT_EQ(it->second, sequence.ids[t]) << "one word per concept";
      EXPECT_EQ(sequence.label[t], first ? 0 : 1);
      EXPECT_EQ(sequence.label[t + 1], first ? 0 : 1);
    }
    ASSERT_TRUE(bound.size() == 2 || bound.size() == 3);
    three += bound.size() == 3;
    EXPECT_GE(sequence.media.size(), 5u);
    EXPECT_LE(sequence.media.size(), 6u);
  }
  EXPECT_NEAR(three, 25, 15);
}

TEST_F(EpisodesTest, BindingTakesUpToMaxWaysAndAsksForOneOfThemAgain) {
  EpisodeConfig config = only(&EpisodeConfig::binding);
  config.more_ways = 1;
  config.max_ways = 4;
  const Episodes episodes = make(config);
  std::set<size_t> ways;
  for (int64_t i = 0; i < 100; ++i) {
    const Sequence sequence = episodes.sequence(i);
    const auto labels = answers(sequence);
    const std::set<std::string> different(labels.begin(), labels.end());
    ways.insert(different.size());
    EXPECT_GT(labels.size(), different.size());
    EXPECT_GT(std::ranges::count(sequence.label, 1), 0);
  }
  EXPECT_EQ(ways, (std::set<size_t>{3, 4}));
}

TEST_F(EpisodesTest, BindingToNamesGivesPicturesTheNamesOfOthers) {
  EpisodeConfig config = only(&EpisodeConfig::binding);
  config.binding_names = 1;
  const Episodes episodes = make(config);
  std::set<std::string> names;
  for (const pictures::PictureClass& pictogram : set_.classes()) names.insert(" " + pictogram.name);
  int wrong = 0;
  for (int64_t i = 0; i < 50; ++i) {
    const Sequence sequence = episodes.sequence(i);
    const auto labels = answers(sequence);
    std::map<std::string, std::string> bound;
    for (size_t m = 0; m < labels.size(); ++m) {
      const std::string& name = shown(sequence.media[m]).name;
      EXPECT_TRUE(names.contains(labels[m])) << labels[m];
      EXPECT_EQ(bound.try_emplace(name, labels[m]).first->second, labels[m]);
      wrong += labels[m] != " " + name;
    }
  }
  EXPECT_GT(wrong, 100);
}

TEST_F(EpisodesTest, BindingTellsConceptsOfOneSubgroupApart) {
  EpisodeConfig config = only(&EpisodeConfig::binding);
  config.binding_same_group = 1;
  const Episodes episodes = make(config);
  for (int64_t i = 0; i < 50; ++i) {
    std::set<std::string> groups;
    for (const SequenceMediaItem& media_item : episodes.sequence(i).media) {
      groups.insert(shown(media_item).group);
      EXPECT_FALSE(views_of(media_item)[0].is_blend());
    }
    EXPECT_EQ(groups.size(), 1u);
  }
}

TEST_F(EpisodesTest, BindingToBlendsKeepsBothParts) {
  EpisodeConfig config = only(&EpisodeConfig::binding);
  config.binding_same_group = 0;
  config.binding_blends = 1;
  const Episodes episodes = make(config);
  for (int64_t i = 0; i < 50; ++i) {
    const Sequence sequence = episodes.sequence(i);
    std::map<int32_t, std::set<std::string>> parts;
    for (size_t t = 0; t < sequence.ids.size(); ++t) {
      if (sequence.ids[t] < kFirstWord) continue;
      const ViewRef& view = views_of(sequence.media[static_cast<size_t>(sequence.phi[t] - 1)])[0];
      ASSERT_TRUE(view.is_blend());
      parts[sequence.ids[t]].insert(set_.class_of(view.picture).name);
      parts[sequence.ids[t]].insert(set_.class_of(view.second_picture).name);
    }
    for (const auto& [word, names] : parts) EXPECT_EQ(names.size(), 2u);
  }
}

TEST_F(EpisodesTest, ClutterBlendsEachPictureWithOneOfAClassThatIsNotAsked) {
  EpisodeConfig config = only(&EpisodeConfig::binding);
  config.binding_same_group = config.binding_blends = 0;
  config.binding_clutter = 1;
  const Episodes episodes = make(config);
  for (int64_t i = 0; i < 50; ++i) {
    std::set<std::string> asked, clutter;
    for (const SequenceMediaItem& media_item : episodes.sequence(i).media) {
      const ViewRef& view = views_of(media_item)[0];
      ASSERT_TRUE(view.is_blend());
      asked.insert(set_.class_of(view.picture).name);
      clutter.insert(set_.class_of(view.second_picture).name);
    }
    EXPECT_LE(asked.size(), static_cast<size_t>(config.max_ways));
    for (const std::string& name : clutter) EXPECT_FALSE(asked.contains(name)) << i;
  }
}

TEST_F(EpisodesTest, RandomPairsNameTheirPictures) {
  const Episodes episodes = make(only(&EpisodeConfig::random_pairs));
  std::set<size_t> lengths;
  for (int64_t i = 0; i < 100; ++i) {
    const Sequence sequence = episodes.sequence(i);
    const auto names = answers(sequence);
    ASSERT_EQ(names.size(), sequence.media.size());
    for (size_t m = 0; m < names.size(); ++m) {
      EXPECT_EQ(names[m], " " + shown(sequence.media[m]).name);
    }
    EXPECT_EQ(std::set(names.begin(), names.end()).size(), names.size());
    lengths.insert(names.size());
  }
  EXPECT_EQ(lengths, (std::set<size_t>{1, 2, 3, 4, 5}));
}

TEST_F(EpisodesTest, ASmallGroupShowsAllOfItsClasses) {
  EpisodeConfig config = only(&EpisodeConfig::same_group);
  config.max_ways = 2;
  config.more_ways = 0;
  config.max_pairs = 12;
  const Episodes episodes = make(config);
  for (int64_t i = 0; i < 100; ++i) EXPECT_GE(episodes.sequence(i).media.size(), 3u);
}

TEST_F(EpisodesTest, SameGroupRepeatsWithinOneSubgroup) {
  const Episodes episodes = make(only(&EpisodeConfig::same_group));
  int repeats = 0;
  for (int64_t i = 0; i < 100; ++i) {
    const Sequence sequence = episodes.sequence(i);
    std::set<std::string> groups, names;
    for (const auto& media_item : sequence.media) {
      groups.insert(shown(media_item).group);
      names.insert(shown(media_item).name);
    }
    EXPECT_EQ(groups.size(), 1u);
    EXPECT_GE(names.size(), 2u);
    EXPECT_GE(sequence.media.size(), 3u);
    repeats += names.size() < sequence.media.size();
  }
  EXPECT_GT(repeats, 50);
}

TEST_F(EpisodesTest, AClipIsOneMediaItemOfOneDrawing) {
  const Episodes episodes = make(only(&EpisodeConfig::video));
  for (int64_t i = 0; i < 50; ++i) {
    const Sequence sequence = episodes.sequence(i);
    ASSERT_EQ(sequence.media.size(), 1u);
    const MediaFrames& clip = views_of(sequence.media[0]);
    EXPECT_TRUE(clip.size() >= 2 && clip.size() <= 8);
    for (const ViewRef& frame : clip) EXPECT_EQ(frame.picture, clip[0].picture);
    EXPECT_EQ(answers(sequence)[0], " " + shown(clip).name);
  }
}

TEST_F(EpisodesTest, AQuestionIsAnswered) {
  const Sequence sequence = make(only(&EpisodeConfig::question)).sequence(0);
  EXPECT_EQ(testing::tiny_text(sequence.ids),
            "^@Question: What is this? Answer: " + shown(sequence.media[0]).name + "|");
}

TEST_F(EpisodesTest, WithPNextNamesSeeTheFollowingPicture) {
  EpisodeConfig config = only(&EpisodeConfig::random_pairs);
  config.p_next = 1;
  const Episodes episodes = make(config);
  for (int64_t i = 0; i < 20; ++i) {
    const Sequence sequence = episodes.sequence(i);
    std::string text;
    for (size_t m = 1; m <= sequence.media.size(); ++m) {
      std::vector<int32_t> name;
      for (size_t t = 0; t < sequence.ids.size(); ++t) {
        if (sequence.label[t] && sequence.phi[t] == static_cast<int32_t>(m)) {
          name.push_back(sequence.ids[t]);
        }
      }
      EXPECT_EQ(testing::tiny_text(name), " " + shown(sequence.media[m - 1]).name + "|");
    }
  }
}

TEST_F(EpisodesTest, BatchesAreAllSequencesOnceSortedByLength) {
  const EpisodeConfig config{.batch = 6, .sort_batches = 4};
  const Episodes episodes = make(config);
  std::multiset<std::vector<int32_t>> batched, direct;
  std::vector<std::pair<size_t, size_t>> spans;
  for (int64_t step = 4; step < 8; ++step) {
    size_t shortest = SIZE_MAX, longest = 0;
    for (const Sequence& sequence : episodes.batch(step)) {
      batched.insert(sequence.ids);
      shortest = std::min(shortest, sequence.ids.size());
      longest = std::max(longest, sequence.ids.size());
    }
    spans.emplace_back(shortest, longest);
  }
  for (int64_t i = 24; i < 48; ++i) direct.insert(episodes.sequence(i).ids);
  EXPECT_EQ(batched, direct);
  std::ranges::sort(spans);
  for (size_t i = 1; i < spans.size(); ++i) EXPECT_GE(spans[i].first, spans[i - 1].second);
}

TEST_F(EpisodesTest, AResumedRunSeesTheSameBatches) {
  const Episodes first = make({});
  const Episodes second = make({});
  first.batch(0);
  const auto expected = first.batch(9);
  const auto resumed = second.batch(9);
  for (size_t i = 0; i < expected.size(); ++i) {
    EXPECT_EQ(expected[i].ids, resumed[i].ids);
    ASSERT_EQ(expected[i].media.size(), resumed[i].media.size());
    for (size_t m = 0; m < expected[i].media.size(); ++m)
      EXPECT_EQ(views_of(expected[i].media[m]), views_of(resumed[i].media[m]));
  }
}

TEST_F(EpisodesTest, RefusesWhatCannotWork) {
  EXPECT_THROW(make({.batch = 0}), Error);
  EXPECT_THROW(make({.batch = 1 << 20}), Error);
  EXPECT_THROW(make({.batch = 1 << 10, .sort_batches = 1 << 10}), Error);
  EXPECT_THROW(make({.views = int64_t{1} << 62}), Error);
  EXPECT_THROW(make({.more_ways = 2}), Error);
  EXPECT_THROW(make({.binding_clutter = -0.1}), Error);
  EXPECT_THROW(make({.max_ways = 2}), Error);
  EXPECT_THROW(make({.max_ways = 7}), Error);
  EXPECT_THROW(make({.max_pairs = 13}), Error);
  EXPECT_THROW(make({.binding = -1}), Error);
  EXPECT_THROW(Episodes(set_, testing::tiny_tokens(), {1}, {}), Error);
}

}  // namespace
}  // namespace flamingo::data
