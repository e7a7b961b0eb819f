#pragma once

#include <string>
#include <string_view>

namespace flamingo::cli {

/// What /help shows.
inline constexpr const char* kChatHelp =
    "/image PATH   show a picture        /video PATH   show a clip\n"
    "/clear        forget everything     /help         this text\n"
    "/quit, /exit  leave                 //TEXT        say a text that begins with /\n"
    "Ctrl-C stops the answer, and at the prompt the program\n";

/// What a line typed at the chat's prompt asks for.
struct ChatCommand {
  /// A text to say, or one of the commands in kChatHelp.
  enum class Kind { kNothing, kSay, kImage, kVideo, kClear, kHelp, kQuit };
  Kind kind = Kind::kNothing;
  std::string text;  ///< what is said, or the path, without blanks and quotes around it
};

/// Throws Error for a command that does not exist, lacks its path, or has words too many.
ChatCommand parse_chat_line(std::string_view line);

}  // namespace flamingo::cli
