#include <malloc.h>

#include <cstdio>
#include <exception>

#include "flamingo/cli/verbs.h"
#include "flamingo/core/error.h"

namespace {

constexpr int kBadInput = 2;

int run(int argc, char** argv) {
  using namespace flamingo::cli;
  CLI::App app("flamingo: text from text interleaved with pictures and video (Alayrac et al. 2022)",
               "flamingo");
  app.set_version_flag("--version", "flamingo 0.1.0");
  app.require_subcommand(1);
  app.footer("Run 'flamingo VERB --help' for the options and examples of a verb.");
  add_generate(app);
  add_chat(app);
  add_demo(app);
  add_eval(app);
  add_pretrain_vision(app);
  add_train(app);
  add_finetune(app);
  add_plan(app);
  add_report(app);
  add_data(app);
  add_info(app);
  try {
    app.parse(argc, argv);
  } catch (const CLI::ParseError& e) {
    return app.exit(e) == 0 ? 0 : kBadInput;
  }
  return 0;
}

/// Keeps large buffers in the process: giving them back after every operation costs up to 30 % of
/// prefill.
void keep_large_buffers() {
  mallopt(M_MMAP_THRESHOLD, 1 << 30);
  mallopt(M_TRIM_THRESHOLD, 1 << 30);
}

}  // namespace

int main(int argc, char** argv) {
  keep_large_buffers();
  flamingo::cli::install_signal_handlers();
  try {
    return run(argc, argv);
  } catch (const flamingo::Error& e) {
    std::fprintf(stderr, "flamingo: %s\n", e.what());
  } catch (const std::exception& e) {
    std::fprintf(stderr, "flamingo: internal error: %s\n", e.what());
  }
  return kBadInput;
}
