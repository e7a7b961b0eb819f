#include "flamingo/cli/data.h"

#include <cstdio>

#include "flamingo/cli/verbs.h"
#include "flamingo/core/error.h"

namespace flamingo::cli {

void add_data(CLI::App& app) {
  auto* data = app.add_subcommand("data", "Build and look at training data");
  data->require_subcommand(1);
  add_data_build(*data);
  add_data_check(*data);
  add_data_show(*data);
  add_data_stats(*data);
  add_data_pictograms(*data);
  add_data_pairs(*data);
  add_data_pictures(*data);
}

void print_warnings(const std::vector<std::string>& warnings) {
  for (const std::string& warning : warnings)
    std::fprintf(stderr, "warning: %s\n", warning.c_str());
}

void need_media() {
  fail("data", "expected a build with media libraries, got one built without media",
       Hint{"configure with -DFLAMINGO_MEDIA=ON"});
}

}  // namespace flamingo::cli
