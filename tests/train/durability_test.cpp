// A run survives kill -9 at any moment, a full disk and a disk that fails: whatever happens, the
// same call goes on to the same curve and weights, and the newest good checkpoint stays.

#include <ATen/Parallel.h>
#include <fcntl.h>
#include <gtest/gtest.h>
#include <sys/syscall.h>
#include <sys/wait.h>
#include <unistd.h>

#include <algorithm>
#include <cerrno>
#include <csignal>
#include <cstring>
#include <filesystem>

#include "flamingo/core/error.h"
#include "flamingo/train/checkpoint.h"
#include "tests/core/temporary_folder.h"
#include "tests/support/seed.h"
#include "tests/train/metrics_text.h"
#include "tests/train/toy_task.h"

namespace {

/// What the calls below do to this process.
struct Faults {
  std::string trace;              ///< one letter a call: f(sync), r(ename)
  int64_t fail_sync_at = -1;      ///< this fsync from now, and later ones, give EIO
  int64_t num_failing_syncs = 0;  ///< how many of them
  int64_t bytes_left = -1;        ///< what the disk still takes; -1: any number
  std::string kill_in;            ///< a write to a file with this in its name kills the process
};
Faults faults;

}  // namespace

// These take the place of the C library's, so that the code under test meets the faults.
extern "C" int fsync(int fd) {
  faults.trace += 'f';
  if (faults.fail_sync_at >= 0 && faults.fail_sync_at-- == 0) {
    if (--faults.num_failing_syncs > 0) faults.fail_sync_at = 0;
    errno = EIO;
    return -1;
  }
  return static_cast<int>(syscall(SYS_fsync, fd));
}

extern "C" ssize_t write(int fd, const void* bytes, size_t count) {
  if (!faults.kill_in.empty()) {
    char path[4096] = {};
    const std::string link = "/proc/self/fd/" + std::to_string(fd);
    if (readlink(link.c_str(), path, sizeof path - 1) > 0 && strstr(path, faults.kill_in.c_str()))
      kill(getpid(), SIGKILL);
  }
  if (faults.bytes_left < 0) return syscall(SYS_write, fd, bytes, count);
  if (faults.bytes_left == 0) {
    errno = ENOSPC;
    return -1;
  }
  const auto taken = std::min(count, static_cast<size_t>(faults.bytes_left));
  const ssize_t written = syscall(SYS_write, fd, bytes, taken);
  if (written > 0) faults.bytes_left -= written;
  return written;
}

extern "C" int rename(const char* from, const char* to) {
  faults.trace += 'r';
  return static_cast<int>(syscall(SYS_renameat2, AT_FDCWD, from, AT_FDCWD, to, 0));
}

namespace flamingo::train {
namespace {

using testing::TemporaryFolder;

class Durability : public ::testing::Test {
 protected:
  Durability() {
    torch::set_num_threads(1);  // forked children have no OpenMP workers
    faults = {};
  }
  ~Durability() override { faults = {}; }

  static std::vector<float> weights_of(const ToyTask& task) {
    std::vector<float> all;
    for (const auto& parameter : task.net->parameters()) {
      const auto* values = parameter.const_data_ptr<float>();
      all.insert(all.end(), values, values + parameter.numel());
    }
    return all;
  }

  /// Trains to the end and compares with a run that nothing disturbed.
  void expect_the_same_end(const std::string& output) {
    const TemporaryFolder folder;
    ToyTask expected, task;
    train(expected, toy_config(folder.path()), {});
    EXPECT_TRUE(train(task, toy_config(output), {}).finished);
    EXPECT_EQ(weights_of(task), weights_of(expected));
    EXPECT_EQ(testing::metrics_without_times(output),
              testing::metrics_without_times(folder.path()));
  }

  /// Those of files that never became whole.
  static std::vector<std::string> temporaries_in(const std::string& folder) {
    std::vector<std::string> names;
    for (const auto& entry : std::filesystem::directory_iterator(folder)) {
      const std::string name = entry.path().filename().string();
      if (name.find(".tmp.") != std::string::npos) names.push_back(name);
    }
    return names;
  }

  static int64_t checkpoint_bytes() {
    const TemporaryFolder folder;
    ToyTask task;
    train(task, toy_config(folder.path()), {});
    return static_cast<int64_t>(
        std::filesystem::file_size(CheckpointFolder(folder.path(), {}).list().at(0)));
  }
};

TEST_F(Durability, SixtyKillsAtRandomMomentsChangeNothing) {
  const TemporaryFolder folder;
  Rng rng(testing::seeded(5));
  for (int kills = 0; kills < 60; ++kills) {
    const pid_t child = fork();
    ASSERT_GE(child, 0);
    if (child == 0) {
      ToyTask task;
      auto config = toy_config(folder.path());
      config.checkpoint_every = 2;  // more time in saves
      train(task, config, {});
      pause();
    }
    usleep(static_cast<useconds_t>(rng.below(30'000)));
    kill(child, SIGKILL);
    waitpid(child, nullptr, 0);
  }
  expect_the_same_end(folder.path());
  EXPECT_EQ(temporaries_in(folder.path()), std::vector<std::string>());
}

TEST_F(Durability, WhatAKilledSaveLeftGoesWithTheNextStart) {
  for (const char* file : {"step-00000014.safetensors", "best.safetensors"}) {
    const TemporaryFolder folder;
    auto config = toy_config(folder.path());
    config.validate_every = 4;
    config.patience = 9;
    const pid_t child = fork();
    ASSERT_GE(child, 0);
    if (child == 0) {
      ToyTask task;
      task.valid_losses = {3, 2, 1, 1, 1, 1, 1, 1, 1, 1};
      faults.kill_in = file;
      train(task, config, {});
      _exit(0);
    }
    int status = 0;
    waitpid(child, &status, 0);
    ASSERT_TRUE(WIFSIGNALED(status)) << file;
    ASSERT_EQ(temporaries_in(folder.path()).size(), 1u) << file;
    const std::string alive = "step-00000021.safetensors.tmp." + std::to_string(getppid());
    write_file_atomic(folder.file(alive), "a live process writes it");
    const std::atomic<bool> stop{true};
    ToyTask task;
    EXPECT_FALSE(train(task, config, {.stop = &stop}).finished);
    EXPECT_EQ(temporaries_in(folder.path()), std::vector<std::string>{alive}) << file;
  }
}

TEST_F(Durability, AFullDiskOfAnySizeLosesNothing) {
  const int64_t whole = checkpoint_bytes();
  int failed = 0;
  for (int i = 1; i <= 10; ++i) {
    const TemporaryFolder folder;
    ToyTask task;
    faults.bytes_left = whole * i / 4;  // 0.25 to 2.5 checkpoints, metrics beside
    try {
      train(task, toy_config(folder.path()), {});
    } catch (const Error& error) {
      ++failed;
      EXPECT_NE(std::string(error.what()).find("No space left"), std::string::npos) << error.what();
    }
    faults.bytes_left = -1;
    for (const auto& entry : std::filesystem::directory_iterator(folder.path()))
      EXPECT_EQ(entry.path().string().find(".tmp"), std::string::npos) << entry.path();
    expect_the_same_end(folder.path());
  }
  EXPECT_EQ(failed, 10);
}

TEST_F(Durability, ADiskThatFailsOnceCostsOneCheckpointOnly) {
  for (int64_t at = 0; at < 8; ++at) {
    const TemporaryFolder folder;
    ToyTask task;
    std::string messages;
    TrainHooks hooks;
    hooks.progress.write = [&](std::string_view text) { messages += text; };
    task.before_step = [&](int64_t step) {
      if (step != 1) return;
      faults.fail_sync_at = at;
      faults.num_failing_syncs = 1;
    };
    EXPECT_TRUE(train(task, toy_config(folder.path()), hooks).finished) << at;
    EXPECT_NE(messages.find("not saved"), std::string::npos) << at;
    EXPECT_NE(messages.find("Input/output error"), std::string::npos) << messages;
    faults = {};
    expect_the_same_end(folder.path());
  }
}

TEST_F(Durability, ADiskThatKeepsFailingEndsTheRunAndTheLastCheckpointStays) {
  const TemporaryFolder folder;
  ToyTask task;
  task.before_step = [&](int64_t step) {
    if (step != 8) return;  // one checkpoint is there
    faults.fail_sync_at = 0;
    faults.num_failing_syncs = 1000;
  };
  EXPECT_THROW(train(task, toy_config(folder.path()), {}), Error);
  faults = {};
  ToyTask again;
  int64_t first = -1;
  again.before_step = [&](int64_t step) { first = first < 0 ? step : first; };
  EXPECT_TRUE(train(again, toy_config(folder.path()), {}).finished);
  EXPECT_EQ(first, 7);
}

TEST_F(Durability, ACheckpointIsOnDiskBeforeItGetsItsName) {
  const TemporaryFolder folder;
  const CheckpointFolder checkpoints(folder.path(), {});
  faults.trace.clear();
  checkpoints.save({{"a", torch::ones({4})}}, {.step = 1});
  EXPECT_EQ(faults.trace, "frf");  // the file, its name, the folder
}

}  // namespace
}  // namespace flamingo::train
