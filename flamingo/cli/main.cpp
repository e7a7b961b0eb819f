#include <cstdio>
#include <exception>

#include "flamingo/cli/verbs.h"
#include "flamingo/core/error.h"
#include "flamingo/core/freed_memory.h"
#include "flamingo/nn/tensor_memory.h"

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

}  // namespace

int main(int argc, char** argv) {
  flamingo::keep_freed_memory();
  flamingo::keep_tensor_memory();
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
