#pragma once

#include <atomic>

namespace flamingo::cli {

/// Ctrl-C and SIGTERM end the program, as they end any other: at once, unless an OrderlyStop lives.
void install_signal_handlers();

/// Work that can stop in good order and polls stop_requested(). While one lives, the first Ctrl-C
/// or SIGTERM only sets stop_requested(); the second ends the program at once.
class OrderlyStop {
 public:
  OrderlyStop();
  ~OrderlyStop();
  OrderlyStop(const OrderlyStop&) = delete;
  OrderlyStop& operator=(const OrderlyStop&) = delete;
};

/// Whether work that polls it shall stop.
std::atomic<bool>& stop_requested();

/// Takes back a Ctrl-C that stopped what it should; a SIGTERM stays.
void forget_interrupt();

/// Ends the program by the signal that stopped its work, if one did: shells show 128 + its number
/// (130 for Ctrl-C) and leave their loops.
void end_if_stopped();

/// Ends the program by this signal.
[[noreturn]] void end_by(int signal);

}  // namespace flamingo::cli
