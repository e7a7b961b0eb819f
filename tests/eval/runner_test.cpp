#include "flamingo/eval/runner.h"

#include <ATen/Functions.h>
#include <gtest/gtest.h>

#include <cmath>
#include <optional>

#include "flamingo/core/error.h"
#include "tests/core/temporary_folder.h"
#include "tests/data/tiny_tokens.h"
#include "tests/pictures/tiny_pictures.h"

namespace flamingo::eval {
namespace {

using testing::TemporaryFolder;

/// Knows every picture's name: a candidate that spells it is likelier than the others.
class KnowingScorer : public Scorer {
 public:
  explicit KnowingScorer(pictures::LabelledPictures set) : set_(std::move(set)) {}

  std::vector<std::vector<double>> score(std::span<const ScoreRequest> requests) override {
    largest_batch = std::max(largest_batch, requests.size());
    std::vector<std::vector<double>> scores;
    for (const ScoreRequest& request : requests) {
      scores.emplace_back();
      for (const auto& candidate : request.candidates) {
        scores.back().push_back(spells(request.prompt, candidate) ? -1.0 : -2.0);
      }
    }
    return scores;
  }

  /// The picture's name and more; nothing without a picture.
  std::vector<std::vector<int32_t>> write(std::span<const ScoreRequest> requests,
                                          std::span<const int32_t> ends, int64_t most) override {
    EXPECT_EQ(ends.size(), 1u);
    EXPECT_GT(most, 0);
    std::vector<std::vector<int32_t>> answers;
    for (const ScoreRequest& request : requests) {
      const auto name = name_of_query(request.prompt);
      answers.push_back(name ? testing::tiny_tokens().encode(" A " + *name + ".")
                             : std::vector<int32_t>{});
    }
    return answers;
  }

  size_t largest_batch = 0;

 private:
  std::optional<std::string> name_of_query(const data::Sequence& prompt) const {
    const int32_t phi = prompt.phi.back();
    if (phi == 0) return {};
    const auto picture = data::views_of(prompt.media[static_cast<size_t>(phi - 1)])[0].picture;
    return set_.class_of(picture).name;
  }
  bool spells(const data::Sequence& prompt, const std::vector<int32_t>& candidate) const {
    const auto name = name_of_query(prompt);
    return name && testing::tiny_text(candidate) == " " + *name + "|";
  }

  pictures::LabelledPictures set_;
};

/// Names of held-out drawings, five to choose from.
FewShotTask naming(double goal = 0) {
  return {.name = "naming", .split = "style", .query_style = "twitter", .goal = goal};
}

class RunnerTest : public ::testing::Test {
 protected:
  TemporaryFolder folder_;
  EvalData data_{.set = testing::tiny_pictures(folder_, 24, 8),
                 .tokens = testing::tiny_tokens(),
                 .words = {200, 201, 202},
                 .stop_ids = testing::tiny_tokens().eoc,
                 .decode = [](std::span<const int32_t> ids) {
                   return testing::tiny_text({ids.begin(), ids.end()});
                 }};
};

TEST_F(RunnerTest, APerfectScorerIsRightAndItsControlsAreAtChance) {
  KnowingScorer scorer(data_.set);
  int64_t last = 0;
  const TaskResult result =
      run_task(naming(0.55), data_, scorer, {.episodes = 400, .batch = 32},
               {.progress = [&last](const std::string&, int64_t done, int64_t) { last = done; }});
  EXPECT_EQ(result.accuracy.value(), 1.0);
  EXPECT_EQ(result.accuracy.total, 400);
  EXPECT_NEAR(result.removed.value(), 0.2, 0.06);
  EXPECT_NEAR(result.exchanged.value(), 0.2, 0.06);
  EXPECT_TRUE(result.reached());
  EXPECT_EQ(last, 1200);
  EXPECT_EQ(scorer.largest_batch, 32u);
}

TEST_F(RunnerTest, AWrittenAnswerIsRightWhenItSaysTheName) {
  KnowingScorer scorer(data_.set);
  FewShotTask open = naming();
  open.open = true;
  const TaskResult result = run_task(open, data_, scorer, {.episodes = 40});
  EXPECT_EQ(result.accuracy.value(), 1.0);
  EXPECT_EQ(result.removed.value(), 0.0);
  EXPECT_EQ(result.exchanged.value(), 0.0);
  EXPECT_TRUE(result.controls_at_chance());
  EXPECT_FALSE(encoder_task({open}));
  data_.stop_ids.clear();
  EXPECT_THROW(run_task(open, data_, scorer, {.episodes = 40}), Error);
}

TEST(SaysName, WholeWordsOnly) {
  EXPECT_TRUE(says_name(" Red apple.", "apple"));
  EXPECT_TRUE(says_name("the HOT-DOG, again", "hot dog"));
  EXPECT_TRUE(says_name("man's shoe", "man's shoe"));
  EXPECT_FALSE(says_name("pineapple", "apple"));
  EXPECT_FALSE(says_name("hot, big dog", "hot dog"));
  EXPECT_FALSE(says_name("", "apple"));
  EXPECT_FALSE(says_name("anything", "?!"));
}

TEST_F(RunnerTest, CanLeaveOutControlsAndStop) {
  KnowingScorer scorer(data_.set);
  const EvalConfig config{.episodes = 20, .batch = 8, .controls = false};
  const TaskResult result = run_task(naming(), data_, scorer, config);
  EXPECT_EQ(result.accuracy.total, 20);
  EXPECT_EQ(result.removed.total, 0);
  const std::atomic<bool> stop = true;
  EXPECT_EQ(run_task(naming(), data_, scorer, config, {.stop = &stop}).accuracy.total, 0);
}

TEST_F(RunnerTest, RefusesEmptyMeasurements) {
  KnowingScorer scorer(data_.set);
  EXPECT_THROW(run_task(naming(), data_, scorer, {.episodes = 0}), Error);
  EXPECT_THROW(run_task(naming(), data_, scorer, {.batch = 0}), Error);
  EXPECT_THROW(select_tasks(default_tasks(), {"nameing"}), Error);
  EXPECT_EQ(select_tasks(default_tasks(), {}).size(), 4u);
  EXPECT_EQ(select_tasks(default_tasks(), {"names", "encoder"}).size(), 1u);
}

/// Embeds a name and its pictures at the same random place; `noise` moves the pictures.
class PlacingEmbedder : public Embedder {
 public:
  PlacingEmbedder(pictures::LabelledPictures set, double noise)
      : set_(std::move(set)), noise_(noise) {}

  at::Tensor embed_texts(std::span<const std::string> texts) override {
    at::Tensor rows = at::zeros({std::ssize(texts), 16});
    for (int64_t i = 0; i < std::ssize(texts); ++i)
      place(texts[static_cast<size_t>(i)], 0, rows[i]);
    return rows;
  }
  at::Tensor embed_pictures(std::span<const data::ViewRef> views) override {
    at::Tensor rows = at::zeros({std::ssize(views), 16});
    for (int64_t i = 0; i < std::ssize(views); ++i) {
      const auto picture = views[static_cast<size_t>(i)].picture;
      place(set_.class_of(picture).name, noise_, rows[i]);
    }
    return rows;
  }

 private:
  static void place(const std::string& name, double noise, at::Tensor row) {
    Rng rng = Rng::for_name(1, name);
    Rng other = Rng::for_name(2, name);
    for (int64_t i = 0; i < 16; ++i) row[i].fill_(rng.normal() + noise * other.normal());
  }

  pictures::LabelledPictures set_;
  double noise_;
};

TEST_F(RunnerTest, EncoderTaskComparesPicturesWithNames) {
  PlacingEmbedder exact(data_.set, 0);
  const TaskResult result =
      run_encoder_task(*encoder_task({naming()}), data_, exact, {.episodes = 300});
  EXPECT_EQ(result.accuracy.value(), 1.0);
  EXPECT_EQ(result.removed.total, 0);
  PlacingEmbedder lost(data_.set, 1000);
  EXPECT_LT(
      run_encoder_task(*encoder_task({naming()}), data_, lost, {.episodes = 300}).accuracy.value(),
      0.6);
}

TEST(Accuracy, KnowsItsStandardError) {
  EXPECT_DOUBLE_EQ((Accuracy{.right = 75, .total = 100}.value()), 0.75);
  EXPECT_DOUBLE_EQ((Accuracy{.right = 75, .total = 100}.error()), std::sqrt(0.75 * 0.25 / 100));
  EXPECT_EQ(Accuracy{}.error(), 0.0);
}

TEST(TaskResult, JudgesControlsByTwoStandardErrorsOfChance) {
  TaskResult result{.chance = 0.5, .removed = {515, 1000}, .exchanged = {470, 1000}};
  EXPECT_TRUE(result.controls_at_chance());
  result.exchanged = {460, 1000};
  EXPECT_FALSE(result.controls_at_chance());
}

}  // namespace
}  // namespace flamingo::eval
