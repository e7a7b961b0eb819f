#pragma once

#include <string>

#include "flamingo/html/page.h"

namespace flamingo::testing {

/// The parts of a document one after the other, a media item as "[address|alt]".
inline std::string shown(const document::Document& document) {
  std::string text;
  for (const document::Part& part : document.parts) {
    if (part.is_text()) {
      text += part.text;
    } else {
      const document::MediaItem& media_item =
          document.media.at(static_cast<size_t>(part.media_item));
      text += "[" + media_item.url + "|" + media_item.alt + "]";
    }
  }
  return text;
}

/// What a page at http://h/d/p shows; addresses of that folder are written without it.
inline std::string shown(std::string_view html, const html::PageOptions& options = {}) {
  std::string text = shown(html::parse_page(html, "http://h/d/p", options).document);
  const std::string folder = "http://h/d/";
  for (size_t at = text.find(folder); at != std::string::npos; at = text.find(folder)) {
    text.erase(at, folder.size());
  }
  return text;
}

inline html::DropCount dropped(const html::HtmlPage& page, html::DropReason reason) {
  return page.dropped.at(static_cast<size_t>(reason));
}

}  // namespace flamingo::testing
