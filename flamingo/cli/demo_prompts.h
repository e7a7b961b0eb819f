#pragma once

#include <optional>
#include <string>
#include <vector>

#include "flamingo/cli/demo_page.h"
#include "flamingo/pictures/labelled_pictures.h"
#include "flamingo/prompt/prompt.h"

namespace flamingo::cli {

/// One prompt of the demo with its true answer.
struct DemoPrompt {
  prompt::Prompt prompt;
  std::string truth;
  std::vector<std::string> candidates;  ///< answers to choose among; none: any text
  bool looked = false;                  ///< show where the answer looked at
};

/// A group of prompts that show one ability.
struct DemoSection {
  std::string title;
  std::string about;
  std::vector<DemoPrompt> prompts;
};

/// What the demo shows.
struct DemoPictures {
  pictures::LabelledPictures drawings;
  /// Shown first, where there are any. Some of their names or tags must be those of drawings too,
  /// so that both can be compared.
  std::optional<pictures::LabelledPictures> photographs;
};

/// Draws the demo's prompts from photographs, and from drawings and concepts that training never
/// saw. Pictures and the clip are written as files below `folder`, so that the demo reads them as a
/// user's are read. The choice depends on `seed` only. Throws Error when files cannot be written,
/// and when fewer than two photographs have drawings of the same name.
std::vector<DemoSection> demo_sections(const DemoPictures& pictures,
                                       const std::vector<std::string>& made_up_words,
                                       const std::string& folder, uint64_t seed);

/// The pieces of a prompt for the page: texts, pictures, and up to 8 frames of a clip.
std::vector<PagePiece> page_pieces(const prompt::Prompt& prompt, double fps);

/// A prompt in one line for the terminal: [lion.png] Output: ...
std::string prompt_line(const prompt::Prompt& prompt);

}  // namespace flamingo::cli
