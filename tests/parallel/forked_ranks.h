#pragma once

#include <gtest/gtest.h>
#include <sys/mman.h>
#include <sys/wait.h>
#include <torch/utils.h>
#include <unistd.h>

#include <atomic>
#include <chrono>
#include <functional>
#include <string>
#include <thread>
#include <vector>

#include "flamingo/core/error.h"
#include "flamingo/parallel/process_group.h"
#include "tests/support/reserved_port.h"

namespace flamingo::testing {

/// A number that forked processes share, for events between them.
class SharedCount {
 public:
  SharedCount()
      : memory_(mmap(nullptr, kBytes, PROT_READ | PROT_WRITE, MAP_SHARED | MAP_ANONYMOUS, -1, 0)),
        count_(new (memory_) std::atomic<int>(0)) {}
  ~SharedCount() { munmap(memory_, kBytes); }
  SharedCount(const SharedCount&) = delete;
  SharedCount& operator=(const SharedCount&) = delete;

  void add() { ++*count_; }
  int get() const { return *count_; }
  void wait_for(int count) const {
    while (get() < count) std::this_thread::sleep_for(std::chrono::milliseconds(1));
  }

 private:
  static constexpr size_t kBytes = sizeof(std::atomic<int>);
  void* memory_;
  std::atomic<int>* count_;
};

/// How one process ended.
struct RankResult {
  std::string text;   ///< what its function returned
  std::string error;  ///< or the Error that it threw
  int status = 0;     ///< of waitpid
};

/// What a process of the job does; its result comes back to the test.
using RankFunction = std::function<std::string(const parallel::ProcessGroup& world)>;

/// Runs `work` in `size` forked processes of one job, one thread each. `job` has its times.
inline std::vector<RankResult> run_ranks(int64_t size, const RankFunction& work,
                                         parallel::JobConfig job = {}) {
  const ReservedPort port;
  job.port = port.number();
  std::vector<pid_t> children;
  std::vector<int> pipes;
  for (int64_t rank = 0; rank < size; ++rank) {
    int ends[2];
    EXPECT_EQ(pipe(ends), 0);
    const pid_t child = fork();
    if (child == 0) {
      close(ends[0]);
      std::string text;
      try {
        torch::set_num_threads(1);
        job.ranks = {.rank = rank, .world_size = size, .local_rank = rank};
        text = "+" + work(parallel::ProcessGroup::init(job));
      } catch (const Error& e) {
        text = std::string("-") + e.what();
      } catch (const std::exception& e) {
        text = std::string("-not an Error: ") + e.what();
      }
      for (size_t done = 0; done < text.size();)
        done += static_cast<size_t>(write(ends[1], text.data() + done, text.size() - done));
      _exit(0);
    }
    close(ends[1]);
    children.push_back(child);
    pipes.push_back(ends[0]);
  }
  std::vector<RankResult> results(children.size());
  for (size_t i = 0; i < children.size(); ++i) {
    std::string text;
    char buffer[4096];
    for (ssize_t n; (n = read(pipes[i], buffer, sizeof buffer)) > 0;)
      text.append(buffer, static_cast<size_t>(n));
    close(pipes[i]);
    waitpid(children[i], &results[i].status, 0);
    if (!text.empty()) (text[0] == '+' ? results[i].text : results[i].error) = text.substr(1);
  }
  return results;
}

/// The texts of a run that must go well.
inline std::vector<std::string> texts_of(int64_t size, const RankFunction& work) {
  std::vector<std::string> texts;
  for (const auto& result : run_ranks(size, work)) {
    EXPECT_EQ(result.error, "");
    EXPECT_EQ(result.status, 0);
    texts.push_back(result.text);
  }
  return texts;
}

}  // namespace flamingo::testing
