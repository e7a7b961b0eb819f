#include <chrono>
#include <cstdio>
#include <memory>

#include "flamingo/cli/prompt_file.h"
#include "flamingo/cli/run_options.h"
#include "flamingo/cli/verbs.h"

namespace flamingo::cli {
namespace {

struct Options {
  RunOptions run;
  PromptSource prompt;
};

void print_piece(const std::string& piece) {
  std::fputs(piece.c_str(), stdout);
  std::fflush(stdout);
}

void run(const Options& options) {
  const auto prompt = read_prompt(options.prompt);  // before the model: mistakes show at once
  const auto start = std::chrono::steady_clock::now();
  const auto bundle = open_bundle(options.run);
  const auto decoder = step_decoder_for(bundle, options.run);
  const double load_s =
      std::chrono::duration<double>(std::chrono::steady_clock::now() - start).count();
  const auto encoded = encode_prompt(bundle, prompt, options.run.frames);
  Conversation conversation(bundle.model, bundle.tokenizer, decoder);
  const auto result =
      conversation.generate(encoded, generate_options(options.run, bundle),
                            options.run.json ? Conversation::OnText() : print_piece);
  if (options.run.json) {
    const Json json = {{"text", result.text},
                       {"ids", result.ids},
                       {"finish_reason", std::string(enum_name(result.finish))},
                       {"timings", timings_json(result.timings, load_s)}};
    std::printf("%s\n", json.dump(-1, ' ', false, Json::error_handler_t::replace).c_str());
    return;
  }
  std::printf("\n");
  std::fprintf(stderr, "load %.2f s (%s), %s\n", load_s, bundle.load_report.c_str(),
               timings_text(result.timings).c_str());
}

}  // namespace

void add_generate(CLI::App& app) {
  auto* verb = app.add_subcommand("generate", "Answer one prompt of text, pictures and clips");
  auto options = std::make_shared<Options>();
  verb->add_option("-p,--prompt", options->prompt.text, "Text with <image> and <video> marks");
  verb->add_option("-f,--file", options->prompt.file,
                   "Prompt file: .json, .yaml (with shots) or text with marks");
  verb->add_option("--image", options->prompt.images, "Pictures for the <image> marks, in order");
  verb->add_option("--video", options->prompt.videos, "Clips for the <video> marks, in order");
  add_run_options(*verb, options->run);
  set_examples(
      *verb,
      "  flamingo generate -p '<image>Output:' --image cat.png\n"
      "  flamingo generate -p '<image>Output: blick<image>Output:' --image a.png --image b.png\n"
      "  flamingo generate -f shots.yaml --json\n"
      "  flamingo generate -m idefics-9b -p '<image>Question: What is this? Answer:' --image "
      "x.jpg");
  verb->callback([options] { run(*options); });
}

}  // namespace flamingo::cli
