#include <cstdio>
#include <iostream>
#include <memory>
#include <optional>

#include "flamingo/cli/chat_command.h"
#include "flamingo/cli/output.h"
#include "flamingo/cli/run_options.h"
#include "flamingo/cli/verbs.h"

namespace flamingo::cli {
namespace {

struct ChatArguments {
  RunOptions run;
  std::string prefix;
  std::string user = "\nUser: ";
  std::string assistant = "\nFlamingo:";
};

/// The state of one dialogue at the terminal.
class Chat {
 public:
  explicit Chat(const ChatArguments& options)
      : options_(options), running_(start_model(options.run)) {
    clear();
  }

  /// False ends the program. Throws Error; the dialogue is then as before.
  bool handle(const ChatCommand& command) {
    switch (command.kind) {
      case ChatCommand::Kind::kNothing:
        break;
      case ChatCommand::Kind::kQuit:
        return false;
      case ChatCommand::Kind::kHelp:
        std::fputs(kChatHelp, stderr);
        break;
      case ChatCommand::Kind::kClear:
        clear();
        break;
      case ChatCommand::Kind::kImage:
        show(prompt::ImageItem{command.text});
        break;
      case ChatCommand::Kind::kVideo:
        show(prompt::VideoItem{command.text});
        break;
      case ChatCommand::Kind::kSay:
        answer(command.text);
    }
    return true;
  }

 private:
  void clear() {
    conversation_ = std::make_unique<generate::Conversation>(
        running_.bundle.model, running_.bundle.tokenizer, running_.decoder);
    shown_ = {};
    media_.clear();
    media_seen_ = 0;
    begun_ = false;
    if (!options_.prefix.empty()) shown_.items.emplace_back(prompt::TextItem{options_.prefix});
  }

  /// Reads a picture or clip now, so that a wrong path is told and forgotten.
  void show(prompt::PromptItem item) {
    auto read = generate::load_media({{item}}, running_.bundle.model->config().transform,
                                     options_.run.frames);
    media_.push_back(std::move(read.front()));
    shown_.items.push_back(std::move(item));
  }

  generate::GenerateResult generate(const generate::EncodedPrompt& prompt) {
    auto options = generate_options(options_.run, running_.bundle);
    options.stop.push_back(options_.user);
    options.whole_characters = true;
    const OrderlyStop stop;  // Ctrl-C ends the answer alone
    return conversation_->generate(prompt, options,
                                   options_.run.json ? generate::Conversation::OnText()
                                                     : generate::Conversation::OnText(print));
  }

  void answer(const std::string& line) {
    prompt::Prompt turn = shown_;
    turn.items.emplace_back(prompt::TextItem{options_.user + line + options_.assistant});
    generate::EncodedPrompt prompt =
        generate::encode_text(running_.bundle, turn, media_seen_, !begun_);
    prompt.media = media_;
    const generate::GenerateResult result = generate(prompt);
    media_seen_ += static_cast<int32_t>(media_.size());
    begun_ = true;
    shown_ = {};
    media_.clear();
    if (options_.run.json) {
      print_json(answer_json(result, running_.load_s));
    } else {
      print("\n");
      const std::string cut = cut_text(result, options_.run);
      std::fprintf(stderr, "(%s%s%s)\n", cut.c_str(), cut.empty() ? "" : "; ",
                   timings_text(result.timings).c_str());
    }
    forget_interrupt();
  }

  const ChatArguments& options_;
  Running running_;
  std::unique_ptr<generate::Conversation> conversation_;
  prompt::Prompt shown_;                            ///< what is before the next turn
  std::vector<generate::PreparedMediaItem> media_;  ///< its pictures and clips
  int32_t media_seen_ = 0;
  bool begun_ = false;
};

/// Tells why a line could not be handled; with --json also whoever waits for the object of a turn.
void tell(const Error& error, bool json_turn) {
  std::fprintf(stderr, "flamingo: %s\n", error.what());
  if (json_turn) print_json({{"error", error.what()}});
}

void run_chat(const ChatArguments& options) {
  Chat chat(options);
  std::fputs(kChatHelp, stderr);
  std::string line;
  while (!stop_requested() && std::fputs("> ", stderr) >= 0 && std::getline(std::cin, line)) {
    ChatCommand command;
    try {
      command = parse_chat_line(line);
      if (!chat.handle(command)) return;
    } catch (const Error& error) {  // a mistake must not end the dialogue
      tell(error, options.run.json && command.kind == ChatCommand::Kind::kSay);
    }
  }
}

/// As a shell would write it: a line end in an option's default must not break the help.
std::string shown(const std::string& text) { return Json(text).dump(); }

}  // namespace

void add_chat(CLI::App& app) {
  auto* verb = app.add_subcommand("chat", "Talk about pictures and clips at the terminal");
  auto options = std::make_shared<ChatArguments>();
  add_run_options(*verb, options->run, "Print one JSON object a turn instead of text");
  verb->add_option("--prefix", options->prefix, "Text before the first turn");
  verb->add_option("--user", options->user,
                   "What is before the user's words; the answer stops before it")
      ->default_str(shown(options->user));
  verb->add_option("--assistant", options->assistant, "What is before the answer")
      ->default_str(shown(options->assistant));
  set_examples(*verb,
               "  flamingo chat\n  flamingo chat -m idefics-9b-instruct --temp 0.7 --top-p 0.9\n"
               "  printf '/image cat.png\\nWhat is this?\\n' | flamingo chat --json");
  verb->callback([options] { run_chat(*options); });
}

}  // namespace flamingo::cli
