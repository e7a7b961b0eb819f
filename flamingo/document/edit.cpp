#include "flamingo/document/edit.h"

#include <string_view>
#include <utility>

#include "flamingo/core/ascii.h"
#include "flamingo/core/error.h"

namespace flamingo::document {
namespace {

/// Appends text to a part, as one paragraph after another.
void join(Part& part, const std::string& text) {
  if (text.empty()) return;
  const bool apart =
      part.text.empty() || is_ascii_space(part.text.back()) || is_ascii_space(text.front());
  part.text += (apart ? "" : "\n\n") + text;
}

}  // namespace

void keep_media(Document& document, const std::vector<bool>& keep) {
  require(keep.size() == document.media.size(), "keep_media", "expected {} entries, got {}",
          document.media.size(), keep.size());
  std::vector<Part> parts;
  std::vector<MediaItem> media;
  for (Part& part : document.parts) {
    if (part.is_text()) {
      if (!parts.empty() && parts.back().is_text()) {
        join(parts.back(), part.text);
      } else {
        parts.push_back(std::move(part));
      }
    } else if (keep[static_cast<size_t>(part.media_item)]) {
      parts.push_back(Part::of_media_item(std::ssize(media)));
      media.push_back(std::move(document.media[static_cast<size_t>(part.media_item)]));
    }
  }
  document.parts = std::move(parts);
  document.media = std::move(media);
}

int64_t count_words(const Document& document) {
  int64_t words = 0;
  for (const Part& part : document.parts) {
    bool inside = false;
    for (const char c : part.text) {
      words += !inside && !is_ascii_space(c);
      inside = !is_ascii_space(c);
    }
  }
  return words;
}

}  // namespace flamingo::document
