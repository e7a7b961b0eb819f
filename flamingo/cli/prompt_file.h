#pragma once

#include <string>
#include <vector>

#include "flamingo/text/prompt.h"

namespace flamingo::cli {

/// The prompt of -p with its --image and --video files, or of the file -f (.json, .yaml or .yml, or
/// text with marks). Throws Error unless exactly one of text and file is given.
struct PromptSource {
  std::string text;
  std::string file;
  std::vector<std::string> images;
  std::vector<std::string> videos;
};

Prompt read_prompt(const PromptSource& source);

}  // namespace flamingo::cli
