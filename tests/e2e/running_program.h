#pragma once

#include <fcntl.h>
#include <gtest/gtest.h>
#include <poll.h>
#include <sys/wait.h>
#include <unistd.h>

#include <array>
#include <csignal>
#include <fstream>
#include <sstream>
#include <string>
#include <utility>

namespace flamingo::testing {

/// `flamingo <arguments>` beside the test, with its three streams in pipes.
class RunningProgram {
 public:
  /// has_reader: false closes the other end of its standard output before it starts.
  explicit RunningProgram(const std::string& arguments, bool has_reader = true) {
    std::signal(SIGPIPE, SIG_IGN);  // a program that has ended is told by its status
    std::array<std::array<int, 2>, 3> pipes{};
    for (auto& ends : pipes) EXPECT_EQ(::pipe2(ends.data(), O_CLOEXEC), 0);
    ::fcntl(pipes[1][1], F_SETPIPE_SZ, static_cast<int>(kPipeBytes));
    const std::string line = "exec " + std::string(FLAMINGO_PROGRAM) + " " + arguments;
    if (!has_reader) close(pipes[1][0]);
    pid_ = ::fork();
    if (pid_ == 0) {
      std::signal(SIGPIPE, SIG_DFL);
      for (int fd = 0; fd < 3; ++fd) ::dup2(pipes[fd][fd == 0 ? 0 : 1], fd);
      ::execl("/bin/sh", "sh", "-c", line.c_str(), nullptr);
      ::_exit(127);
    }
    streams_ = {pipes[0][1], pipes[1][0], pipes[2][0]};
    for (const int end : {pipes[0][0], pipes[1][1], pipes[2][1]}) ::close(end);
  }
  ~RunningProgram() {
    if (pid_ != 0) {
      ::kill(pid_, SIGKILL);
      ::waitpid(pid_, nullptr, 0);
    }
    for (int& fd : streams_) close(fd);
  }
  RunningProgram(const RunningProgram&) = delete;
  RunningProgram& operator=(const RunningProgram&) = delete;

  /// What its standard output takes before it must be read.
  static constexpr size_t kPipeBytes = 4096;

  void say(const std::string& text) const {
    EXPECT_EQ(::write(streams_[0], text.data(), text.size()), std::ssize(text));
  }
  void end_input() { close(streams_[0]); }
  void close_output() { close(streams_[1]); }
  void signal(int number) const { ::kill(pid_, number); }

  /// Standard output until `size` bytes have come, or to its end.
  std::string output(size_t size = std::string::npos) const {
    std::string text;
    while (text.size() < size && read_some(streams_[1], text)) continue;
    return text;
  }
  /// Standard error until it says `text`, or to its end.
  std::string errors_until(const std::string& text) const {
    std::string errors;
    while (errors.find(text) == std::string::npos && read_some(streams_[2], errors)) continue;
    return errors;
  }
  std::string errors() const {
    std::string errors;
    while (read_some(streams_[2], errors)) continue;
    return errors;
  }

  /// Returns when it has mapped a file of this name, has said something, or has ended.
  void wait_until_mapped(const std::string& name) const {
    const std::string path = "/proc/" + std::to_string(pid_) + "/maps";
    pollfd said{streams_[2], POLLIN, 0};
    while (is_running() && ::poll(&said, 1, 0) == 0) {
      std::ostringstream maps;
      maps << std::ifstream(path).rdbuf();
      if (maps.str().find(name) != std::string::npos) return;
    }
  }

  bool is_running() const {
    siginfo_t info{};
    ::waitid(P_PID, static_cast<id_t>(pid_), &info, WEXITED | WNOWAIT | WNOHANG);
    return info.si_pid == 0;
  }
  /// How it ended, as a shell tells it.
  int status() {
    int status = 0;
    ::waitpid(std::exchange(pid_, 0), &status, 0);
    return WIFEXITED(status) ? WEXITSTATUS(status) : 128 + WTERMSIG(status);
  }

 private:
  static void close(int& fd) {
    if (fd >= 0) ::close(std::exchange(fd, -1));
  }
  static bool read_some(int fd, std::string& text) {
    std::array<char, 4096> buffer{};
    const ssize_t n = ::read(fd, buffer.data(), buffer.size());
    if (n > 0) text.append(buffer.data(), static_cast<size_t>(n));
    return n > 0;
  }

  pid_t pid_ = 0;
  std::array<int, 3> streams_{};
};

}  // namespace flamingo::testing
