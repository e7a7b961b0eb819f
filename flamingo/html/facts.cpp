#include "flamingo/html/facts.h"

#include <algorithm>

#include "flamingo/html/html_space.h"
#include "flamingo/html/text_writer.h"
#include "flamingo/url/url.h"

namespace flamingo::html {
namespace {

/// Links as a page writes them; its base may be after them.
struct Links {
  std::string_view base;
  std::string_view canonical;
  std::string_view licence;
  std::string_view creative_commons;
};

bool has_word(std::string_view list, std::string_view word) {
  bool found = false;
  for_each_word(list, is_html_space,
                [&](std::string_view other) { found = found || ascii_iequal(other, word); });
  return found;
}

void set_once(std::string_view& field, std::string_view value) {
  if (field.empty()) field = value;
}

/// Whether the address is that of a Creative Commons licence or dedication.
bool is_creative_commons(std::string_view href) {
  return find_ascii_case(href, "creativecommons.org/licenses/") != std::string_view::npos ||
         find_ascii_case(href, "creativecommons.org/publicdomain/") != std::string_view::npos;
}

void read_link(const GumboNode* element, Links& links) {
  const std::string_view href = trim_html_space(attribute(element, "href"));
  if (href.empty()) return;
  const std::string_view rel = attribute(element, "rel");
  if (has_word(rel, "license")) set_once(links.licence, href);
  if (has_word(rel, "canonical")) set_once(links.canonical, href);
  if (is_creative_commons(href)) set_once(links.creative_commons, href);
}

void add_directives(std::string_view content, std::vector<std::string>& robots) {
  const auto is_separator = [](char c) { return c == ',' || is_html_space(c); };
  for_each_word(content, is_separator, [&](std::string_view word) {
    const std::string directive = ascii_lower(word);
    if (std::ranges::find(robots, directive) == robots.end() && robots.size() < 32) {
      robots.push_back(directive);
    }
  });
}

void read_meta(const GumboNode* element, PageFacts& facts) {
  const std::string name = ascii_lower(attribute(element, "name"));
  const std::string_view content = attribute(element, "content");
  if (name == "robots") add_directives(content, facts.robots);
  if (name == "tdm-reservation" && trim_html_space(content) == "1") {
    add_directives(name, facts.robots);
  }
  if (name == "dcterms.license" || name == "dc.rights" || name == "license") {
    if (facts.licence.empty()) facts.licence = collapse_space(content);
  }
  if (ascii_iequal(attribute(element, "http-equiv"), "content-language") &&
      facts.language.empty()) {
    facts.language = trim_html_space(content);
  }
}

/// The text of a <title>.
std::string read_title(const GumboNode* element) {
  std::string text;
  for (const GumboNode* child : children(element)) {
    if (is_text(child)) text += child->v.text.text;
  }
  return collapse_space(text);
}

void read_element(const GumboNode* element, PageFacts& facts, Links& links) {
  switch (tag_of(element)) {
    case GUMBO_TAG_BASE:
      set_once(links.base, trim_html_space(attribute(element, "href")));
      break;
    case GUMBO_TAG_A:
    case GUMBO_TAG_AREA:
    case GUMBO_TAG_LINK:
      read_link(element, links);
      break;
    case GUMBO_TAG_META:
      read_meta(element, facts);
      break;
    case GUMBO_TAG_TITLE:
      if (facts.title.empty() && tag_of(element->parent) == GUMBO_TAG_HEAD) {
        facts.title = read_title(element);
      }
      break;
    default:
      break;
  }
}

/// The address that links are relative to: that of the page's first <base> with an address, where
/// it is one of the web (or of the page's own scheme), else the page's. Source: HTML, 4.2.3.
std::string base_of(std::string_view url, std::string_view href, size_t max_url_bytes) {
  std::optional<std::string> base = url::resolve_url(url, href, max_url_bytes);
  if (!base) return std::string(url);
  const std::string_view scheme = url::split_url(*base).scheme.value_or("");
  const bool is_web = ascii_iequal(scheme, "http") || ascii_iequal(scheme, "https");
  const bool is_own = ascii_iequal(scheme, url::split_url(url).scheme.value_or(""));
  return is_web || is_own ? *std::move(base) : std::string(url);
}

std::string_view own_language(const GumboNode* element) {
  const std::string_view lang = trim_html_space(attribute(element, "lang"));
  return lang.empty() ? trim_html_space(attribute(element, "xml:lang")) : lang;
}

/// The language of <html>, else of <body>, else of the first block in it that has one.
std::string_view language_of(const GumboNode* root) {
  std::string_view language = own_language(root);
  for (const GumboNode* body : children(root)) {
    if (tag_of(body) != GUMBO_TAG_BODY) continue;
    set_once(language, own_language(body));
    for (const GumboNode* block : children(body)) {
      const GumboTag tag = tag_of(block);
      const bool is_frame = tag == GUMBO_TAG_DIV || tag == GUMBO_TAG_MAIN ||
                            tag == GUMBO_TAG_ARTICLE || tag == GUMBO_TAG_SECTION;
      if (is_frame) set_once(language, own_language(block));
    }
  }
  return language;
}

}  // namespace

PageFacts read_facts(const HtmlTree& tree, std::string_view url, size_t max_url_bytes) {
  PageFacts facts;
  Links links;
  std::vector<const GumboNode*> open = {tree.root()};
  while (!open.empty()) {
    const GumboNode* element = open.back();
    open.pop_back();
    read_element(element, facts, links);
    const auto below = children(element);
    for (size_t i = below.size(); i-- > 0;) {
      if (is_element(below[i])) open.push_back(below[i]);
    }
  }
  const std::string_view language = language_of(tree.root());
  if (!language.empty()) facts.language = language;
  facts.base = base_of(url, links.base, max_url_bytes);
  const auto absolute = [&](std::string_view href) {
    return href.empty() ? "" : url::resolve_url(facts.base, href, max_url_bytes).value_or("");
  };
  facts.canonical = absolute(links.canonical);
  const std::string licence =
      absolute(links.licence.empty() ? links.creative_commons : links.licence);
  if (!licence.empty()) facts.licence = licence;
  return facts;
}

}  // namespace flamingo::html
