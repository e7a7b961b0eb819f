#pragma once

#include <sys/wait.h>

#include <array>
#include <cstdio>
#include <string>

namespace flamingo::testing {

struct RunResult {
  int status = -1;
  std::string output;  ///< stdout, then stderr when asked for
};

/// Runs a line of shell.
inline RunResult run_command(const std::string& line) {
  RunResult result;
  FILE* pipe = ::popen(line.c_str(), "r");
  if (pipe == nullptr) return result;
  std::array<char, 4096> buffer{};
  for (size_t n; (n = std::fread(buffer.data(), 1, buffer.size(), pipe)) > 0;)
    result.output.append(buffer.data(), n);
  const int status = ::pclose(pipe);
  result.status = WIFEXITED(status) ? WEXITSTATUS(status) : 128 + WTERMSIG(status);
  return result;
}

/// Runs `flamingo <arguments>`; `redirect` says what becomes of stderr.
inline RunResult run_flamingo(const std::string& arguments,
                              const std::string& redirect = "2>/dev/null") {
  return run_command(std::string(FLAMINGO_PROGRAM) + " " + arguments + " " + redirect);
}

}  // namespace flamingo::testing
