#include <cstdio>
#include <iostream>
#include <memory>

#include "flamingo/cli/run_options.h"
#include "flamingo/cli/verbs.h"

namespace flamingo::cli {
namespace {

constexpr const char* kHelp =
    "/image PATH   show a picture        /video PATH   show a clip\n"
    "/clear        forget everything     /help         this text\n"
    "/quit, /exit  leave                 Ctrl-C        stops the answer, then the program\n";

struct Options {
  RunOptions run;
  std::string prefix;
  std::string user = "\nUser: ";
  std::string assistant = "\nFlamingo:";
};

/// The state of one dialogue at the terminal.
class Chat {
 public:
  explicit Chat(const Options& options)
      : options_(options),
        bundle_(open_bundle(options.run)),
        decoder_(step_decoder_for(bundle_, options.run)) {
    clear();
  }

  /// Handles one line; false ends the program.
  bool handle(const std::string& line) {
    if (line == "/quit" || line == "/exit") return false;
    if (line == "/help") {
      std::fputs(kHelp, stderr);
    } else if (line == "/clear") {
      clear();
    } else if (line.starts_with("/image ")) {
      pending_.items.push_back(ImageItem{line.substr(7)});
    } else if (line.starts_with("/video ")) {
      pending_.items.push_back(VideoItem{line.substr(7)});
    } else if (!line.empty()) {
      answer(line);
    }
    return true;
  }

 private:
  void clear() {
    conversation_ = std::make_unique<Conversation>(bundle_.model, bundle_.tokenizer, decoder_);
    pending_ = {};
    media_seen_ = 0;
    begun_ = false;
    if (!options_.prefix.empty()) pending_.items.push_back(TextItem{options_.prefix});
  }

  void answer(const std::string& line) {
    Prompt turn = pending_;
    turn.items.push_back(TextItem{options_.user + line + options_.assistant});
    const auto encoded = encode_prompt(bundle_, turn, options_.run.frames, media_seen_, !begun_);
    auto generate = generate_options(options_.run, bundle_);
    generate.stop.push_back(options_.user);
    stop_requested() = false;  // a Ctrl-C at the prompt is not meant for this answer
    const auto result = conversation_->generate(encoded, generate, [](const std::string& piece) {
      std::fputs(piece.c_str(), stdout);
      std::fflush(stdout);
    });
    std::printf("\n");
    stop_requested() = false;  // it stopped the answer only
    std::fprintf(stderr, "(%s)\n", timings_text(result.timings).c_str());
    media_seen_ += static_cast<int32_t>(encoded.media.size());
    begun_ = true;
    pending_ = {};
  }

  const Options& options_;
  ModelBundle bundle_;
  std::shared_ptr<StepDecoder> decoder_;
  std::unique_ptr<Conversation> conversation_;
  Prompt pending_;
  int32_t media_seen_ = 0;
  bool begun_ = false;
};

void run(const Options& options) {
  Chat chat(options);
  std::fputs(kHelp, stderr);
  std::string line;
  while (std::fputs("> ", stderr), std::getline(std::cin, line)) {
    try {
      if (!chat.handle(line)) return;
    } catch (const Error& e) {  // a wrong path must not end the dialogue
      std::fprintf(stderr, "%s\n", e.what());
    }
  }
}

}  // namespace

void add_chat(CLI::App& app) {
  auto* verb = app.add_subcommand("chat", "Talk about pictures and clips at the terminal");
  auto options = std::make_shared<Options>();
  add_run_options(*verb, options->run);
  verb->add_option("--prefix", options->prefix, "Text before the first turn");
  verb->add_option("--user", options->user, "What stands before the user's words")
      ->capture_default_str();
  verb->add_option("--assistant", options->assistant, "What stands before the answer")
      ->capture_default_str();
  set_examples(*verb,
               "  flamingo chat\n  flamingo chat -m idefics-9b-instruct --temp 0.7 --top-p 0.9");
  verb->callback([options] { run(*options); });
}

}  // namespace flamingo::cli
