#pragma once

#include <string>
#include <vector>

#include "flamingo/generate/occlusion.h"

namespace flamingo::cli {

/// One piece of a shown prompt: text, or one media item as its pictures (frames of a clip have
/// captions).
struct PagePiece {
  std::string text;
  std::vector<std::string> png;       ///< PNG bytes; empty for text
  std::vector<std::string> captions;  ///< one per picture, or empty
  generate::OcclusionMap looked;      ///< where the answer looked at in the picture, if known
};

/// One prompt beside its answer.
struct PageExample {
  std::vector<PagePiece> prompt;
  std::string answer;
  std::string ranking;  ///< of given answers, if there were any
  std::string truth;
  std::string note;  ///< timings
  bool correct = false;
};

/// Examples of one kind under a heading, with a sentence about them.
struct PageSection {
  std::string title;
  std::string about;
  std::vector<PageExample> examples;
};

/// A self-contained HTML page (pictures inline, no scripts, light and dark).
std::string render_page(const std::string& title, const std::string& about,
                        const std::vector<PageSection>& sections);

}  // namespace flamingo::cli
