#pragma once

#include <string>

#include "CLI/CLI.hpp"
#include "flamingo/cli/signals.h"

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
void add_recipe(CLI::App& app);
void add_report(CLI::App& app);
void add_train(CLI::App& app);

/// A usage footer of examples, one per line.
void set_examples(CLI::App& app, const std::string& examples);

}  // namespace flamingo::cli
