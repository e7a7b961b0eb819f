#include "flamingo/cli/signals.h"

#include <unistd.h>

#include <csignal>

namespace flamingo::cli {
namespace {

constinit std::atomic<bool> stop{false};
constinit std::atomic<int> stop_signal{0};
constinit std::atomic<int> orderly_stops{0};

/// The signal takes effect when its handler returns.
void raise_by_default(int signal) {
  std::signal(signal, SIG_DFL);
  std::raise(signal);
}

void on_signal(int signal) {
  if (orderly_stops == 0 || stop.exchange(true)) {
    raise_by_default(signal);
  } else {
    stop_signal = signal;
  }
}

}  // namespace

void install_signal_handlers() {
  struct sigaction action {};
  action.sa_handler = on_signal;
  action.sa_flags = SA_RESTART;
  sigaction(SIGINT, &action, nullptr);
  sigaction(SIGTERM, &action, nullptr);
  std::signal(SIGPIPE, SIG_IGN);  // a socket's peer may go; of standard output print() tells
}

OrderlyStop::OrderlyStop() { ++orderly_stops; }
OrderlyStop::~OrderlyStop() { --orderly_stops; }

std::atomic<bool>& stop_requested() { return stop; }

void forget_interrupt() {
  if (stop_signal == SIGTERM) return;
  stop_signal = 0;
  stop = false;
}

void end_if_stopped() {
  if (stop_signal != 0) end_by(stop_signal);
}

void end_by(int signal) {
  raise_by_default(signal);
  _exit(128 + signal);  // where the signal is blocked
}

}  // namespace flamingo::cli
