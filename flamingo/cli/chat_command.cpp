#include "flamingo/cli/chat_command.h"

#include <algorithm>
#include <array>

#include "flamingo/core/ascii.h"
#include "flamingo/core/error.h"

namespace flamingo::cli {
namespace {

using Kind = ChatCommand::Kind;

struct KnownCommand {
  std::string_view name;
  Kind kind;
};

constexpr std::array kCommands = {
    KnownCommand{"/image", Kind::kImage}, KnownCommand{"/video", Kind::kVideo},
    KnownCommand{"/clear", Kind::kClear}, KnownCommand{"/help", Kind::kHelp},
    KnownCommand{"/quit", Kind::kQuit},   KnownCommand{"/exit", Kind::kQuit}};

std::string_view without_quotes(std::string_view text) {
  const bool quoted = text.size() >= 2 && text.front() == text.back() &&
                      (text.front() == '"' || text.front() == '\'');
  return quoted ? text.substr(1, text.size() - 2) : text;
}

}  // namespace

ChatCommand parse_chat_line(std::string_view line) {
  const std::string_view words = ascii_trim(line);
  if (words.empty()) return {};
  if (line.ends_with('\r')) line.remove_suffix(1);
  if (!words.starts_with('/')) return {Kind::kSay, std::string(line)};
  if (words.starts_with("//")) return {Kind::kSay, std::string(words.substr(1))};
  const auto name_end = std::ranges::find_if(words, is_ascii_space) - words.begin();
  const std::string name(words.substr(0, static_cast<size_t>(name_end)));
  const auto known = std::ranges::find(kCommands, name, &KnownCommand::name);
  require(known != kCommands.end(), name, "expected a command, got an unknown one",
          Hint{"/help lists them; // begins a text with /"});
  const std::string_view rest = ascii_trim(words.substr(name.size()));
  const bool takes_path = known->kind == Kind::kImage || known->kind == Kind::kVideo;
  const std::string path(without_quotes(rest));
  require(!takes_path || !path.empty(), name, "expected a path after it, got none");
  require(takes_path || rest.empty(), name, "expected nothing after it, got \"{}\"", rest);
  return {known->kind, path};
}

}  // namespace flamingo::cli
