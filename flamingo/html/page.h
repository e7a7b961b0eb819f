#pragma once

#include <string>
#include <string_view>
#include <vector>

#include "flamingo/document/document.h"
#include "flamingo/html/picture.h"
#include "flamingo/html/rules.h"
#include "flamingo/html/tree.h"

namespace flamingo::html {

/// How a page becomes a document.
struct PageOptions {
  HtmlLimits limits;
  BoilerplateRules rules;
  PictureRules pictures;

  template <class Visitor>
  void visit(Visitor& v) {
    v("limits", limits, "what a page may take");
    v("rules", rules, "which parts of a page are not its content");
    v("pictures", pictures, "which pictures are kept");
  }
};

/// A page as a document, and what a filter wants to know of it.
struct HtmlPage {
  document::Document document;
  std::string language;   ///< of <html>, <body> or a block in it, as written; may be empty
  std::string canonical;  ///< address of <link rel=canonical>; may be empty
  std::vector<std::string> robots;  ///< directives of <meta name=robots>, lower case, each once
  DropCounts dropped{};

  /// Whether a robots directive ("noindex", "noai", "noimageai", ...) is in the page.
  bool forbids(std::string_view directive) const;
};

/// Turns a page into interleaved text and media: the visible text of its body in the order of the
/// page, with a media item for each picture or video at its place, and none of what the rules call
/// boilerplate. A <figcaption> comes right after its figure's pictures. Blocks are paragraphs with
/// a blank line between, items of lists lines with "- " or "1. ", cells of a row separated by
/// tabs; parts as TextWriter writes them. utf8 must be well formed (decode_page); url is the
/// page's own address, against which those in it are resolved.
///
/// Time and memory are linear in the bytes of the page. Throws Error when it is over a limit.
HtmlPage parse_page(std::string_view utf8, std::string_view url, const PageOptions& options = {});

}  // namespace flamingo::html
