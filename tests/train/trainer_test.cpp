#include "flamingo/train/trainer.h"

#include <ATen/Parallel.h>
#include <gtest/gtest.h>
#include <signal.h>
#include <sys/wait.h>
#include <unistd.h>

#include <filesystem>
#include <sstream>

#include "flamingo/core/error.h"
#include "flamingo/core/file.h"
#include "flamingo/io/sha256.h"
#include "tests/core/temporary_folder.h"
#include "tests/parallel/forked_ranks.h"
#include "tests/support/seed.h"
#include "tests/support/tolerance.h"
#include "tests/train/metrics_text.h"
#include "tests/train/toy_task.h"

namespace flamingo::train {
namespace {

using testing::TemporaryFolder;

std::string weights_hash(ToyTask& task) {
  io::Sha256 sha;
  for (const auto& parameter : task.net->parameters()) {
    sha.update({static_cast<const std::byte*>(parameter.const_data_ptr()), parameter.nbytes()});
  }
  const auto digest = sha.digest();
  return {digest.begin(), digest.end()};
}

/// Loss curve and weights of an uninterrupted run.
std::pair<std::string, std::string> reference() {
  const TemporaryFolder folder;
  ToyTask task;
  EXPECT_TRUE(train(task, toy_config(folder.path()), {}).finished);
  return {testing::metrics_without_times(folder.path()), weights_hash(task)};
}

TEST(Trainer, LearnsAndWritesOneLinePerStep) {
  const TemporaryFolder folder;
  ToyTask task;
  const auto frozen = task.net->frozen.clone();
  const auto result = train(task, toy_config(folder.path()), {});
  EXPECT_EQ(result.state.step, 40);
  EXPECT_EQ(result.state.updates, 40);
  EXPECT_TRUE(task.net->frozen.equal(frozen));
  std::istringstream lines(testing::metrics_without_times(folder.path()));
  std::string line;
  std::vector<double> losses;
  while (std::getline(lines, line)) losses.push_back(Json::parse(line)["loss"]);
  ASSERT_EQ(losses.size(), 40u);
  EXPECT_LT(losses.back(), 0.5 * losses.front());
}

TEST(Trainer, ARunOfConstantRateMayGoOnBeyondItsSteps) {
  const auto config_of = [](const std::string& output, int64_t steps) {
    train::TrainConfig config = toy_config(output);
    config.schedule.decay = Decay::kConstant;
    config.steps = steps;
    return config;
  };
  const TemporaryFolder whole, longer;
  ToyTask task, first, second;
  train(task, config_of(whole.path(), 40), {});
  train(first, config_of(longer.path(), 15), {});
  EXPECT_EQ(train(second, config_of(longer.path(), 40), {}).state.step, 40);
  EXPECT_EQ(weights_hash(second), weights_hash(task));
}

TEST(Trainer, AWarmUpThatNeverEndsIsWarnedOf) {
  const auto told = [](int64_t warmup) {
    const TemporaryFolder folder;
    ToyTask task;
    train::TrainConfig config = toy_config(folder.path());
    config.schedule.warmup = warmup;
    std::string text;
    TrainHooks hooks;
    hooks.progress.write = [&](std::string_view piece) { text += piece; };
    train(task, config, hooks);
    return text;
  };
  EXPECT_NE(told(40).find("warmup (40) is not below train.steps (40)"), std::string::npos);
  EXPECT_EQ(told(39).find("warmup"), std::string::npos);
}

TEST(Trainer, PartsOfAStepGiveOneUpdateOfTheirWeightedSum) {
  const TemporaryFolder whole_folder, parts_folder;
  ToyTask whole, parts;
  parts.micro_batches = 4;
  train(whole, toy_config(whole_folder.path()), {});
  const auto result = train(parts, toy_config(parts_folder.path()), {});
  EXPECT_EQ(result.state.updates, 40);
  const auto expected = whole.net->parameters();
  const auto actual = parts.net->parameters();
  for (size_t i = 0; i < expected.size(); ++i) {
    // A step's gradient is summed over 32 rows, 16 units and 8 inputs; 40 steps add up, and Adam
    // divides by the gradient's own size, which near a minimum is a tenth of its terms'.
    const int64_t terms = 40 * 10 * (32 + 16 + 8);
    EXPECT_TRUE(testing::agree(actual[i], expected[i], {.terms = terms})) << i;
  }
}

TEST(Trainer, OnePartThatIsNotFiniteSkipsTheWholeStep) {
  const TemporaryFolder folder;
  ToyTask task;
  task.micro_batches = 2;  // the second one is not finite, when the first has left its gradients
  std::string before, after;
  task.poison = [](int64_t step) { return step == 5; };
  task.before_step = [&](int64_t step) {
    if (step == 5) before = weights_hash(task);
    if (step == 6) after = weights_hash(task);
  };
  EXPECT_EQ(train(task, toy_config(folder.path()), {}).state.skipped, 1);
  EXPECT_EQ(before, after);
}

TEST(Trainer, StoppedAnywhereTheRunGoesOnBitEqually) {
  const auto [expected_curve, expected_weights] = reference();
  Rng rng(testing::seeded(11));
  for (int trial = 0; trial < 5; ++trial) {
    const TemporaryFolder folder;
    bool finished = false;
    int parts = 0;
    while (!finished) {
      ToyTask task;  // a new process starts from the initial weights
      std::atomic<bool> stop{false};
      const auto pause = static_cast<int64_t>(1 + rng.below(15));
      int64_t done = 0;
      task.before_step = [&](int64_t) { stop = ++done >= pause; };
      finished = train(task, toy_config(folder.path()), {.stop = &stop}).finished;
      ++parts;
      if (finished) {
        EXPECT_EQ(weights_hash(task), expected_weights);
      }
    }
    EXPECT_GT(parts, 2);
    EXPECT_EQ(testing::metrics_without_times(folder.path()), expected_curve);
  }
}

/// Trains in a child process that is killed (as by kill -9) before step `death`.
void train_and_die(const std::string& output, int64_t death) {
  const pid_t child = fork();
  ASSERT_GE(child, 0);
  if (child == 0) {
    ToyTask task;
    task.before_step = [&](int64_t step) {
      if (step == death) kill(getpid(), SIGKILL);
    };
    train(task, toy_config(output), {});
    _exit(0);
  }
  int status = 0;
  waitpid(child, &status, 0);
  ASSERT_TRUE(WIFSIGNALED(status));
}

TEST(Trainer, KilledTheRunGoesOnBitEqually) {
  torch::set_num_threads(1);  // forked children have no OpenMP workers
  const auto [expected_curve, expected_weights] = reference();
  const TemporaryFolder folder;
  for (const int64_t death : {3, 8, 20, 33}) train_and_die(folder.path(), death);
  ToyTask task;
  EXPECT_TRUE(train(task, toy_config(folder.path()), {}).finished);
  EXPECT_EQ(testing::metrics_without_times(folder.path()), expected_curve);
  EXPECT_EQ(weights_hash(task), expected_weights);
}

TEST(Trainer, AStepThatIsNotFiniteChangesNothing) {
  const TemporaryFolder folder;
  ToyTask task;
  std::string before, after;
  task.poison = [](int64_t step) { return step == 5 || step == 6; };
  task.before_step = [&](int64_t step) {
    if (step == 5) before = weights_hash(task);
    if (step == 7) after = weights_hash(task);
  };
  const auto result = train(task, toy_config(folder.path()), {});
  EXPECT_EQ(before, after);
  EXPECT_EQ(result.state.skipped, 2);
  EXPECT_EQ(result.state.updates, 38);
  EXPECT_EQ(result.state.skipped_in_row, 0);
  EXPECT_NE(testing::metrics_without_times(folder.path()).find("\"loss\":null"), std::string::npos);
}

TEST(Trainer, SkippedStepsAreRecordedWithTheirSamples) {
  const TemporaryFolder folder;
  ToyTask task;
  task.poison = [](int64_t step) { return step == 5; };
  train(task, toy_config(folder.path()), {});
  EXPECT_EQ(Json::parse(read_file(folder.file("skipped.jsonl"), 1 << 10)),
            (Json{{"step", 5}, {"samples", {"a", "b"}}}));
}

TEST(Trainer, WithoutImprovementTheRunEndsWithItsBestWeights) {
  const TemporaryFolder folder, short_folder;
  ToyTask task, short_task;
  auto config = toy_config(folder.path());
  config.validate_every = 4;
  config.patience = 2;
  task.valid_losses = {3, 2, 2.5, 2, 1};  // the second is best: equal is no improvement
  const auto result = train(task, config, {});
  EXPECT_TRUE(result.finished);
  EXPECT_EQ(result.state.step, 16);
  EXPECT_EQ(result.state.best_validation, 2);
  std::atomic<bool> stop{false};  // the weights of an equal run after 8 steps
  short_task.before_step = [&](int64_t step) { stop = step == 7; };
  train(short_task, toy_config(short_folder.path()), {.stop = &stop});
  EXPECT_EQ(weights_hash(task), weights_hash(short_task));
}

TEST(Trainer, PatienceOutlastsAnInterruption) {
  const TemporaryFolder folder;
  auto config = toy_config(folder.path());
  config.validate_every = 4;
  config.patience = 2;
  std::atomic<bool> stop{false};
  ToyTask first, second;
  first.valid_losses = {2, 3};
  first.before_step = [&](int64_t step) { stop = step == 8; };
  EXPECT_FALSE(train(first, config, {.stop = &stop}).finished);
  second.valid_losses = {3, 1, 1, 1};
  EXPECT_EQ(train(second, config, {}).state.step, 12);
}

TEST(Trainer, WritesWhatTensorBoardReads) {
  const TemporaryFolder folder;
  ToyTask task;
  train(task, toy_config(folder.path()), {.peak_flops = 1e9});
  int64_t files = 0;
  for (const auto& entry : std::filesystem::directory_iterator(folder.file("tensorboard"))) {
    EXPECT_GT(entry.file_size(), 40u * 100);  // 40 events of 8 scalars
    ++files;
  }
  EXPECT_EQ(files, 1);
}

TEST(Trainer, MfuIsTheShareOfWhatAllProcessesCanDo) {
  torch::set_num_threads(1);  // forked children have no OpenMP workers
  for (const int64_t size : {1, 2}) {
    const TemporaryFolder folder;
    testing::texts_of(size, [&](const parallel::ProcessGroup& world) {
      ToyTask task;
      task.micro_batches = 2;
      parallel::Parallel parallel({}, world);
      parallel.prepare(*task.net);
      train(task, toy_config(folder.path()), {.parallel = &parallel, .peak_flops = 1e9});
      return std::string();
    });
    std::istringstream lines(read_file(folder.file("metrics.jsonl"), 1 << 20));
    int64_t steps = 0;
    for (std::string line; std::getline(lines, line); ++steps) {
      const Json metrics = Json::parse(line);
      const double flops = metrics["mfu"].get<double>() * metrics["seconds"].get<double>() * 1e9;
      EXPECT_NEAR(flops, static_cast<double>(size) * ToyTask::kFlops, 1)
          << size << " processes: " << line;
    }
    EXPECT_EQ(steps, 40);
  }
}

TEST(Trainer, TenSuchStepsInARowEndTheRun) {
  const TemporaryFolder folder;
  ToyTask task;
  int64_t last = -1;
  task.poison = [](int64_t step) { return step >= 12; };
  task.before_step = [&](int64_t step) { last = step; };
  EXPECT_THROW(train(task, toy_config(folder.path()), {}), Error);
  EXPECT_EQ(last, 21);
}

TEST(Trainer, AFinishedRunIsNotDoneAgain) {
  const TemporaryFolder folder;
  ToyTask first, second;
  train(first, toy_config(folder.path()), {});
  int64_t calls = 0;
  second.before_step = [&](int64_t) { ++calls; };
  EXPECT_TRUE(train(second, toy_config(folder.path()), {}).finished);
  EXPECT_EQ(calls, 0);
  EXPECT_EQ(weights_hash(second), weights_hash(first));
}

TEST(Trainer, AnotherRecipeIsRefused) {
  const TemporaryFolder folder;
  ToyTask first, second;
  train(first, toy_config(folder.path()), {});
  second.seed = 4;
  EXPECT_THROW(train(second, toy_config(folder.path()), {}), Error);
  TrainConfig config = toy_config(folder.path());
  config.optimizer.lr *= 2;
  ToyTask third;
  EXPECT_THROW(train(third, config, {}), Error);
}

TEST(Trainer, ShowsLossSpeedAndTimeLeft) {
  const TemporaryFolder folder;
  ToyTask task;
  std::string text;
  TrainHooks hooks;
  hooks.progress.write = [&](std::string_view piece) { text += piece; };
  hooks.progress.interval = 0;
  train(task, toy_config(folder.path()), hooks);
  EXPECT_NE(text.find("step 40/40 100%  loss "), std::string::npos) << text;
  EXPECT_NE(text.find(" rows/s"), std::string::npos);
  EXPECT_NE(text.find(" left\n"), std::string::npos);
}

TEST(TrainConfig, RefusesFieldsOutOfRange) {
  TrainConfig config = toy_config("x");
  EXPECT_NO_THROW(config.validate());
  config.steps = 0;
  EXPECT_THROW(config.validate(), Error);
  config = toy_config("");
  EXPECT_THROW(config.validate(), Error);
  config = toy_config("x");
  config.checkpoint_every = 0;
  EXPECT_THROW(config.validate(), Error);
}

}  // namespace
}  // namespace flamingo::train
