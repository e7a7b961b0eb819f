#pragma once

#include <atomic>
#include <string>

#include "CLI/CLI.hpp"

namespace flamingo::cli {

/// Each verb adds its subcommand, whose callback runs it; bad input leaves as flamingo::Error.
void add_chat(CLI::App& app);
void add_data(CLI::App& app);
void add_demo(CLI::App& app);
void add_eval(CLI::App& app);
void add_finetune(CLI::App& app);
void add_generate(CLI::App& app);
void add_info(CLI::App& app);
void add_plan(CLI::App& app);
void add_pretrain_vision(CLI::App& app);
void add_report(CLI::App& app);
void add_train(CLI::App& app);

/// Set by the first Ctrl-C or SIGTERM; the second one ends the program with status 130.
/// Work that can stop in good order polls it.
std::atomic<bool>& stop_requested();

/// Installs the handlers behind stop_requested().
void install_signal_handlers();

/// A usage footer of examples, one per line.
void set_examples(CLI::App& app, const std::string& examples);

}  // namespace flamingo::cli
