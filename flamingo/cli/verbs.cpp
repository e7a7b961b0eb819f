#include "flamingo/cli/verbs.h"

namespace flamingo::cli {

void set_examples(CLI::App& app, const std::string& examples) {
  app.footer("Examples:\n" + examples);
}

}  // namespace flamingo::cli
