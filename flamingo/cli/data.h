#pragma once

#include <string>
#include <vector>

#include "CLI/CLI.hpp"

namespace flamingo::cli {

/// The verbs below `flamingo data`.
void add_data_build(CLI::App& data);
void add_data_check(CLI::App& data);
void add_data_show(CLI::App& data);
void add_data_stats(CLI::App& data);
void add_data_pictograms(CLI::App& data);
void add_data_pairs(CLI::App& data);
void add_data_pictures(CLI::App& data);

/// A line on stderr for each.
void print_warnings(const std::vector<std::string>& warnings);

/// What the verbs say that a build without media libraries does not have. Throws Error.
[[noreturn]] void need_media();

}  // namespace flamingo::cli
