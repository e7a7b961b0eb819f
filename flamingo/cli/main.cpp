#include <algorithm>
#include <csignal>
#include <cstdio>
#include <cstdlib>
#include <exception>
#include <filesystem>
#include <functional>
#include <new>
#include <sstream>

#include "flamingo/cli/number_options.h"
#include "flamingo/cli/output.h"
#include "flamingo/cli/verbs.h"
#include "flamingo/core/error.h"
#include "flamingo/core/memory.h"
#include "flamingo/nn/tensor_memory.h"

namespace {

constexpr int kBadInput = 2;

/// Shows help, or tells in one line what the command line has wrong. -> exit status.
int end_of_parse(const CLI::App& app, const CLI::ParseError& e) {
  std::ostringstream help, error;
  if (app.exit(e, help, error) == 0) {
    flamingo::cli::print(help.str());
    return 0;
  }
  std::string verb;
  const CLI::App* at = &app;
  while (!at->get_subcommands().empty()) {
    at = at->get_subcommands().front();
    verb += (verb.empty() ? "" : " ") + at->get_name();
  }
  const auto rest = at->remaining();
  const bool unknown = e.get_name() == "RequiredError" && !rest.empty();
  const std::string message =
      unknown ? "expected a verb, got \"" + rest.front() + "\"" : std::string(e.what());
  const std::string hint =
      "flamingo " + verb + (verb.empty() ? "" : " ") + "--help tells what there is";
  flamingo::fail(verb.empty() ? "flamingo" : verb, "{}", message, flamingo::Hint{hint});
}

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
  add_recipe(app);
  add_report(app);
  add_data(app);
  add_info(app);
  judge_numbers(app);
  try {
    app.parse(argc, argv);
  } catch (const CLI::ParseError& e) {
    return end_of_parse(app, e);
  }
  return 0;
}

/// Does a part of the program and tells what went wrong. -> exit status.
int told(const std::function<int()>& work) {
  try {
    return work();
  } catch (const flamingo::cli::ClosedOutput&) {
    flamingo::cli::end_by(SIGPIPE);
  } catch (const flamingo::cli::OutputError& e) {
    std::fprintf(stderr, "flamingo: %s\n", e.what());
    std::_Exit(kBadInput);  // with what it could not write
  } catch (const flamingo::Error& e) {
    std::fprintf(stderr, "flamingo: %s\n", e.what());
  } catch (const std::filesystem::filesystem_error& e) {
    const flamingo::Error plain(e.path1().empty() ? "path" : e.path1().string(),
                                "expected a path that can be used, got: " + e.code().message());
    std::fprintf(stderr, "flamingo: %s\n", plain.what());
  } catch (const std::bad_alloc&) {
    std::fprintf(stderr,
                 "flamingo: [memory] expected enough for what was asked, got none (hint: smaller "
                 "sizes; flamingo plan says what a recipe takes)\n");
  } catch (const std::exception& e) {
    std::fprintf(stderr, "flamingo: internal error: %s\n", e.what());
  }
  return kBadInput;
}

}  // namespace

int main(int argc, char** argv) {
  flamingo::cli::ensure_standard_files();
  flamingo::keep_freed_memory();
  flamingo::nn::keep_tensor_memory();
  flamingo::cli::install_signal_handlers();
  const int status = told([&] { return run(argc, argv); });
  const int flushed = told([] {
    flamingo::cli::flush_output();
    return 0;
  });
  flamingo::cli::end_if_stopped();
  return std::max(status, flushed);
}
