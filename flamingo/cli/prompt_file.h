#pragma once

#include <optional>
#include <string>
#include <vector>

#include "flamingo/prompt/prompt.h"

namespace flamingo::cli {

/// The prompt of -p with its --image and --video files, or of the file -f: .json, .yaml or .yml in
/// any case, or text with marks, whose last line's end is not part of it. "-" is standard input;
/// pipes are read to their end.
struct PromptSource {
  std::optional<std::string> text;
  std::optional<std::string> file;
  std::vector<std::string> images;
  std::vector<std::string> videos;
};

/// Throws Error naming the option or file: both or none of text and file, an empty prompt, more
/// than 16 MiB, a mistake in the file, marks that do not fit the pictures.
prompt::Prompt read_prompt(const PromptSource& source);

}  // namespace flamingo::cli
