#include "flamingo/cli/train_hooks.h"

#include <sys/ioctl.h>
#include <unistd.h>

#include <cstdio>
#include <memory>
#include <optional>

#include "flamingo/cli/verbs.h"

namespace flamingo::cli {
namespace {

void report_end(const train::TrainResult& result, const train::TrainConfig& config) {
  if (result.finished) {
    std::fprintf(stderr, "done: %ld steps, %ld without an update, in %s\n",
                 static_cast<long>(result.state.step), static_cast<long>(result.state.skipped),
                 config.output.c_str());
  } else {
    std::fprintf(stderr, "stopped after step %ld of %ld; the same command resumes from %s\n",
                 static_cast<long>(result.state.step), static_cast<long>(config.steps),
                 config.output.c_str());
  }
}

}  // namespace

train::TrainHooks train_hooks() {
  train::TrainHooks hooks;
  hooks.stop = &stop_requested();
  hooks.on_start = [stop = std::make_shared<std::optional<OrderlyStop>>()] { stop->emplace(); };
  hooks.progress.terminal = ::isatty(STDERR_FILENO) != 0;
  winsize size{};
  if (::ioctl(STDERR_FILENO, TIOCGWINSZ, &size) == 0 && size.ws_col > 0)
    hooks.progress.columns = size.ws_col;
  hooks.progress.write = [](std::string_view text) {
    std::fwrite(text.data(), 1, text.size(), stderr);
    std::fflush(stderr);
  };
  return hooks;
}

void run_in_job(const train::TrainConfig& config, const TrainRun& run) {
  const parallel::ProcessGroup world =
      parallel::ProcessGroup::init(parallel::job_from_environment());
  train::TrainHooks hooks = train_hooks();
  if (world.rank() > 0) hooks.progress.write = nullptr;
  const train::TrainResult result = run(hooks, world);
  if (world.rank() == 0) report_end(result, config);
}

}  // namespace flamingo::cli
