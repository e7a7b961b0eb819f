#pragma once

#include <gtest/gtest.h>
#include <netinet/in.h>
#include <sys/socket.h>
#include <sys/wait.h>
#include <torch/utils.h>
#include <unistd.h>

#include <functional>
#include <string>
#include <vector>

#include "flamingo/core/error.h"
#include "flamingo/parallel/process_group.h"

namespace flamingo::testing {

/// A port of 127.0.0.1 that was free a moment ago.
inline uint16_t free_port() {
  const int fd = socket(AF_INET, SOCK_STREAM, 0);
  sockaddr_in address{};
  address.sin_family = AF_INET;
  address.sin_addr.s_addr = htonl(INADDR_LOOPBACK);
  socklen_t size = sizeof address;
  EXPECT_EQ(bind(fd, reinterpret_cast<sockaddr*>(&address), size), 0);
  EXPECT_EQ(getsockname(fd, reinterpret_cast<sockaddr*>(&address), &size), 0);
  close(fd);
  return ntohs(address.sin_port);
}

/// How one process ended.
struct RankResult {
  std::string text;   ///< what its function returned
  std::string error;  ///< or the Error that it threw
  int status = 0;     ///< of waitpid
};

/// What a process of the job does; its result comes back to the test.
using RankFunction = std::function<std::string(const ProcessGroup& world)>;

/// Runs `work` in `size` forked processes of one job, one thread each.
inline std::vector<RankResult> run_ranks(int64_t size, const RankFunction& work,
                                         double timeout = 60) {
  const uint16_t port = free_port();
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
        const JobConfig job{.ranks = {.rank = rank, .world_size = size, .local_rank = rank},
                            .port = port,
                            .timeout = timeout};
        text = "+" + work(ProcessGroup::join(job));
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
