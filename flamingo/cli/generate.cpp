#include <array>
#include <cstdio>
#include <memory>
#include <optional>

#include "flamingo/cli/output.h"
#include "flamingo/cli/prompt_file.h"
#include "flamingo/cli/run_options.h"
#include "flamingo/cli/verbs.h"
#include "flamingo/generate/ranking.h"

namespace flamingo::cli {
namespace {

struct GenerateArguments {
  RunOptions run;
  PromptSource prompt;
  std::vector<std::string> candidates;
};

void report_run(const Running& running, const generate::GenerateTimings& timings) {
  std::fprintf(stderr, "load %.2f s (%s), %s\n", running.load_s, running.bundle.load_report.c_str(),
               timings_text(timings).c_str());
}

/// Ctrl-C ends the program until there is something to show, then the answer.
generate::GenerateResult generate(const GenerateArguments& options, const Running& running,
                                  const generate::EncodedPrompt& prompt) {
  generate::Conversation conversation(running.bundle.model, running.bundle.tokenizer,
                                      running.decoder);
  std::optional<OrderlyStop> stop;
  return conversation.generate(prompt, generate_options(options.run, running.bundle),
                               [&](const std::string& piece) {
                                 if (!stop) stop.emplace();
                                 if (!options.run.json) print(piece);
                               });
}

void write_answer(const GenerateArguments& options, const Running& running,
                  const generate::EncodedPrompt& prompt) {
  const generate::GenerateResult result = generate(options, running, prompt);
  if (options.run.json) {
    print_json(answer_json(result, running.load_s));
    return;
  }
  print("\n");
  if (const std::string cut = cut_text(result, options.run); !cut.empty())
    std::fprintf(stderr, "%s\n", cut.c_str());
  report_run(running, result.timings);
}

void print_ranking(const GenerateArguments& options, const Running& running,
                   const prompt::Prompt& prompt, const generate::EncodedPrompt& encoded) {
  const auto [ranked, timings] = generate::rank_candidates(running.bundle, running.decoder, prompt,
                                                           encoded, options.candidates);
  if (options.run.json) {
    Json list = Json::array();
    for (const auto& candidate : ranked) {
      list.push_back({{"text", candidate.text},
                      {"log_likelihood", candidate.log_likelihood},
                      {"probability", candidate.probability}});
    }
    print_json({{"candidates", list}, {"timings", timings_json(timings, running.load_s)}});
    return;
  }
  for (const auto& candidate : ranked) {
    std::array<char, 32> share{};
    std::snprintf(share.data(), share.size(), "%.3f  ", candidate.probability);
    print(share.data() + candidate.text + "\n");
  }
  report_run(running, timings);
}

void run_generate(const GenerateArguments& options) {
  check_options(options.run);  // before the model: mistakes show at once
  generate::check_candidates(options.candidates, "--candidate");
  const auto prompt = read_prompt(options.prompt);
  auto media = read_media(options.run, prompt);
  const Running running = start_model(options.run);
  auto encoded = generate::encode_text(running.bundle, prompt);
  encoded.media = std::move(media);
  if (options.candidates.empty()) {
    write_answer(options, running, encoded);
  } else {
    print_ranking(options, running, prompt, encoded);
  }
}

}  // namespace

void add_generate(CLI::App& app) {
  auto* verb = app.add_subcommand("generate", "Answer one prompt of text, pictures and clips");
  auto options = std::make_shared<GenerateArguments>();
  verb->add_option("-p,--prompt", options->prompt.text, "Text with <image> and <video> marks");
  verb->add_option(
      "-f,--file", options->prompt.file,
      "Prompt file: .json, .yaml (with shots) or text with marks; - is standard input");
  verb->add_option("--image", options->prompt.images, "Pictures for the <image> marks, in order");
  verb->add_option("--video", options->prompt.videos, "Clips for the <video> marks, in order");
  verb->add_option("--candidate", options->candidates,
                   "Rank this answer instead of writing one (give it once for each; options of "
                   "sampling do not apply)")
      ->allow_extra_args(false);
  add_run_options(*verb, options->run);
  set_examples(
      *verb,
      "  flamingo generate -p '<image>Output:' --image cat.png\n"
      "  flamingo generate -p '<image>Output: blick<image>Output:' --image a.png --image b.png\n"
      "  flamingo generate -f shots.yaml --json\n"
      "  echo 'The capital of France is' | flamingo generate -f -\n"
      "  flamingo generate -p '<image>Output:' --image a.png --candidate cat --candidate dog\n"
      "  flamingo generate -m idefics-9b -p '<image>Question: What is this? Answer:' --image "
      "x.jpg");
  verb->callback([options] { run_generate(*options); });
}

}  // namespace flamingo::cli
