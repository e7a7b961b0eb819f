#pragma once

#include <string>
#include <string_view>
#include <vector>

#include "flamingo/html/tree.h"

namespace flamingo::html {

/// What a page says about itself outside of its text.
struct PageFacts {
  std::string
      base;  ///< the first <base href> that is not empty, if http(s), else the page's address
  std::string title;
  std::string language;
  std::string canonical;
  std::string licence;  ///< address of rel=license, else of a Creative Commons link, else a <meta>
  std::vector<std::string> robots;
};

/// Reads the facts from all of a page, boilerplate included. Addresses are absolute.
PageFacts read_facts(const HtmlTree& tree, std::string_view url, size_t max_url_bytes);

}  // namespace flamingo::html
