// A job of two processes, as a launcher starts it: one is killed, the launcher starts both again.

#include <gtest/gtest.h>
#include <unistd.h>

#include <array>
#include <csignal>
#include <filesystem>
#include <optional>
#include <thread>

#include "tests/e2e/run_flamingo.h"
#include "tests/parallel/forked_ranks.h"
#include "tests/train/tiny_run.h"

namespace flamingo {
namespace {

using testing::metrics_without_times;
using testing::TinyRun;

/// Both processes of one try.
class Job {
 public:
  Job(const std::string& recipe, const std::string& errors) {
    const std::string port = std::to_string(port_.number());
    for (const char* rank : {"0", "1"}) {
      const pid_t child = fork();
      if (child == 0) become(recipe, errors + "." + rank, rank, port);
      processes_.at(static_cast<size_t>(rank[0] - '0')) = child;
    }
  }

  void kill(size_t rank) const { ::kill(processes_.at(rank), SIGKILL); }
  /// As wait() tells it.
  int wait(size_t rank) const {
    int status = 0;
    ::waitpid(processes_.at(rank), &status, 0);
    return status;
  }

 private:
  [[noreturn]] static void become(const std::string& recipe, const std::string& errors,
                                  const char* rank, const std::string& port) {
    ::setenv("RANK", rank, 1);
    ::setenv("LOCAL_RANK", rank, 1);
    for (const char* size : {"WORLD_SIZE", "LOCAL_WORLD_SIZE"}) ::setenv(size, "2", 1);
    ::setenv("MASTER_ADDR", "127.0.0.1", 1);
    ::setenv("MASTER_PORT", port.c_str(), 1);
    ::setenv("OMP_NUM_THREADS", "1", 1);
    if (std::freopen(errors.c_str(), "w", stderr) == nullptr) ::_exit(126);
    ::execl(FLAMINGO_PROGRAM, "flamingo", "train", "--recipe", recipe.c_str(), nullptr);
    ::_exit(127);
  }

  testing::ReservedPort port_;
  std::array<pid_t, 2> processes_{};
};

bool exited(int status, int code) { return WIFEXITED(status) && WEXITSTATUS(status) == code; }

TEST(LostRankTest, EndsTheJobByNameAndStartedAgainItReachesTheSameCurve) {
  const TinyRun run;
  train::pretrain_vision(run.vision(), {});
  const auto recipe = [&](const std::string& name) {
    train::TrainFlamingoRecipe made = run.flamingo(name);
    made.train.steps = 40;
    made.train.checkpoint_every = 3;
    const std::string path = run.file(name + ".json");
    write_file_atomic(path, config_to_json(made).dump());
    return path;
  };
  const Job whole(recipe("whole"), run.file("whole.errors"));
  for (const size_t rank : {0, 1})
    ASSERT_TRUE(exited(whole.wait(rank), 0)) << read_file(run.file("whole.errors.0"), 1 << 20);

  // A job that was through before it could be killed is no loss, and another one is started.
  std::string lost;
  bool killed = false;
  std::optional<Job> first;
  for (int trial = 0; !killed; ++trial) {
    if (first) first->wait(0);
    lost = "lost" + std::to_string(trial);
    const std::string metrics = run.file(lost + "/metrics.jsonl");
    first.emplace(recipe(lost), run.file("first.errors"));
    while (!std::filesystem::exists(metrics) || std::filesystem::file_size(metrics) < 2000)
      std::this_thread::sleep_for(std::chrono::milliseconds(5));
    first->kill(1);
    killed = WIFSIGNALED(first->wait(1)) && !std::filesystem::exists(run.file(lost + "/model"));
  }
  EXPECT_TRUE(exited(first->wait(0), 2));
  const std::string said = read_file(run.file("first.errors.0"), 1 << 20);
  EXPECT_NE(said.find("rank 1"), std::string::npos) << said;
  EXPECT_FALSE(std::filesystem::exists(run.file(lost + "/model")));

  const Job second(run.file(lost + ".json"), run.file("second.errors"));
  for (const size_t rank : {0, 1})
    ASSERT_TRUE(exited(second.wait(rank), 0)) << read_file(run.file("second.errors.0"), 1 << 20);
  EXPECT_EQ(metrics_without_times(run.file(lost)), metrics_without_times(run.file("whole")));
}

}  // namespace
}  // namespace flamingo
