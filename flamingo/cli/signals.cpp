#include <unistd.h>

#include <csignal>

#include "flamingo/cli/verbs.h"

namespace flamingo::cli {
namespace {

constexpr int kInterruptedStatus = 130;

void on_signal(int) {
  if (stop_requested().exchange(true)) _exit(kInterruptedStatus);
}

}  // namespace

std::atomic<bool>& stop_requested() {
  static std::atomic<bool> requested{false};
  return requested;
}

void install_signal_handlers() {
  struct sigaction action {};
  action.sa_handler = on_signal;
  sigaction(SIGINT, &action, nullptr);
  sigaction(SIGTERM, &action, nullptr);
  std::signal(SIGPIPE, SIG_IGN);
}

void set_examples(CLI::App& app, const std::string& examples) {
  app.footer("Examples:\n" + examples);
}

}  // namespace flamingo::cli
