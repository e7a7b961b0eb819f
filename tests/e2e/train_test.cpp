// Training as users run it: one command, stopped and repeated, and what others read of it.

#include <gtest/gtest.h>
#include <unistd.h>

#include <csignal>
#include <filesystem>
#include <map>
#include <thread>

#include "tests/e2e/run_flamingo.h"
#include "tests/train/tiny_run.h"

namespace flamingo {
namespace {

using testing::metrics_without_times;
using testing::run_flamingo;
using testing::TinyRun;

class TrainTest : public ::testing::Test {
 protected:
  static void SetUpTestSuite() {
    run_ = std::make_unique<TinyRun>();
    train::pretrain_vision(run_->vision(), {});
  }
  static void TearDownTestSuite() { run_.reset(); }

  /// Writes the recipe of a run of so many steps.
  static std::string recipe(const std::string& name, int64_t steps) {
    train::TrainFlamingoRecipe recipe = run_->flamingo(name);
    recipe.train.steps = steps;
    const std::string path = run_->file(name + ".json");
    write_file_atomic(path, config_to_json(recipe).dump());
    return path;
  }

  static std::unique_ptr<TinyRun> run_;
};

std::unique_ptr<TinyRun> TrainTest::run_;

/// Starts the program and gives its process.
pid_t start(const std::string& recipe) {
  const pid_t child = fork();
  if (child == 0) {
    ::execl(FLAMINGO_PROGRAM, "flamingo", "train", "--recipe", recipe.c_str(), nullptr);
    ::_exit(127);
  }
  return child;
}

TEST_F(TrainTest, PlanTellsTheRecipesOwnLineWithoutTimes) {
  train::TrainFlamingoRecipe recipe = run_->flamingo("planned");
  recipe.frozen = surgery::FrozenFormat::kFp32;
  recipe.mixture.micro_batch = 3;
  write_file_atomic(run_->file("planned.json"), config_to_json(recipe).dump());
  const auto result = run_flamingo("plan " + run_->file("planned.json") + " --untimed --json");
  ASSERT_EQ(result.status, 0);
  const Json plan = Json::parse(result.output);
  ASSERT_EQ(plan["plans"].size(), 2u * 4);  // 4, 3, 2, 1 sequences
  EXPECT_EQ(plan["recipe"]["micro_batch"], 3);
  EXPECT_EQ(plan["recipe"]["checkpoint_blocks"], false);
  EXPECT_TRUE(plan["recipe"]["seconds"].is_null());
  EXPECT_TRUE(plan["best"].is_null());
  EXPECT_GT(plan["recipe"]["peak"].get<int64_t>(), plan["program"].get<int64_t>());
  const auto changed = run_flamingo("plan " + run_->file("planned.json") +
                                    " --set mixture.micro_batch=1 --untimed --json");
  ASSERT_EQ(changed.status, 0);
  EXPECT_EQ(Json::parse(changed.output)["recipe"]["micro_batch"], 1);
  EXPECT_NE(run_flamingo("plan --explain mixture").output.find("mixture.micro_batch"),
            std::string::npos);
}

TEST_F(TrainTest, StoppedByASignalItSavesAndTheSameCommandGoesOn) {
  EXPECT_EQ(run_flamingo("train --recipe " + recipe("whole", 60)).status, 0);
  for (const int signal : {SIGTERM, SIGINT}) {
    // A run that was through before the signal came is no interruption: another one is started.
    std::string name, path;
    bool interrupted = false;
    for (int trial = 0; !interrupted; ++trial) {
      name = "stopped" + std::to_string(signal) + "-" + std::to_string(trial);
      path = recipe(name, 60);
      const std::string metrics = run_->file(name + "/metrics.jsonl");
      const pid_t child = start(path);
      while (!std::filesystem::exists(metrics) || std::filesystem::file_size(metrics) == 0)
        std::this_thread::sleep_for(std::chrono::milliseconds(5));
      ::kill(child, signal);
      int status = 0;
      ::waitpid(child, &status, 0);
      interrupted = !std::filesystem::exists(run_->file(name + "/model"));
      if (!interrupted) continue;
      ASSERT_TRUE(WIFSIGNALED(status)) << "a shell shows " << 128 + signal;
      EXPECT_EQ(WTERMSIG(status), signal);
    }
    const auto again = run_flamingo("train --recipe " + path, "2>&1");
    EXPECT_EQ(again.status, 0) << again.output;
    EXPECT_NE(again.output.find("going on after step"), std::string::npos) << again.output;
    EXPECT_EQ(metrics_without_times(run_->file(name)), metrics_without_times(run_->file("whole")));
  }
}

TEST_F(TrainTest, ARunCanBeReportedAndItsModelAnswers) {
  ASSERT_EQ(run_flamingo("train --recipe " + recipe("reported", 6)).status, 0);
  const std::string page = run_->file("page.html");
  EXPECT_EQ(run_flamingo("report " + run_->file("reported") + " -o " + page).status, 0);
  EXPECT_NE(read_file(page, 1 << 22).find("Attention gates"), std::string::npos);
  EXPECT_EQ(run_flamingo("finetune --recipe " + recipe("nothing", 6), "2>&1").status, 2);
  const auto answer =
      run_flamingo("generate -m " + run_->file("reported/model") + " -n 2 -p apple");
  EXPECT_EQ(answer.status, 0) << answer.output;
}

TEST_F(TrainTest, TensorBoardReadsWhatIsInTheMetrics) {
  const std::string packages = std::string(FLAMINGO_SOURCE_DIR) + "/.deps/tensorboard";
  if (!std::filesystem::exists(packages)) GTEST_SKIP() << "tools/setup.sh tensorboard";
  ASSERT_EQ(run_flamingo("train --recipe " + recipe("board", 6)).status, 0);
  const auto read = testing::run_command("PYTHONPATH=" + packages + " python3 " +
                                         FLAMINGO_SOURCE_DIR + "/tests/e2e/read_events.py " +
                                         run_->file("board/tensorboard") + " 2>/dev/null");
  ASSERT_EQ(read.status, 0);
  std::map<std::string, std::map<int64_t, float>> expected;
  std::istringstream lines(read_file(run_->file("board/metrics.jsonl"), 1 << 20));
  for (std::string line; std::getline(lines, line);) {
    Json metrics = Json::parse(line);
    const auto step = metrics["step"].get<int64_t>();
    metrics.erase("step");
    for (const auto& [name, value] : metrics.items()) expected[name][step] = value.get<float>();
  }
  EXPECT_EQ(expected.at("loss").size(), 6u);
  const Json scalars = Json::parse(read.output);
  EXPECT_EQ(scalars.size(), expected.size());
  for (const auto& [name, points] : expected) {
    for (const Json& point : scalars.at(name))
      EXPECT_FLOAT_EQ(point[1].get<float>(), points.at(point[0].get<int64_t>())) << name;
    EXPECT_EQ(scalars.at(name).size(), points.size()) << name;
  }
}

}  // namespace
}  // namespace flamingo
