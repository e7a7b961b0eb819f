#pragma once

#include <gumbo.h>

#include <cstdint>
#include <memory>
#include <span>
#include <string_view>

namespace flamingo::html {

/// What a page may take. Together they make parsing linear in the bytes of the page, which gumbo
/// by itself is not.
struct HtmlLimits {
  int64_t bytes = 4 << 20;
  int64_t nodes = 500'000;
  int64_t depth = 512;
  int64_t attributes = 100;
  int64_t pictures = 1000;
  int64_t url_bytes = 4096;

  template <class Visitor>
  void visit(Visitor& v) {
    v("bytes", bytes, "bytes of a page; a longer one is refused");
    v("nodes", nodes, "nodes of its tree, and no more than bytes + 1,024; else refused");
    v("depth", depth, "elements around a node; else refused (browsers stop at 512 too)");
    v("attributes", attributes, "attributes of an element; else refused");
    v("pictures", pictures, "media kept of a page; what follows them is dropped");
    v("url_bytes", url_bytes, "bytes of an address; longer ones are dropped");
  }
};

namespace detail {
class TreeMemory;
}

/// The tree of a page, as HTML5 builds it. Nodes live as long as the tree, and the text it was
/// parsed from must too.
class HtmlTree {
 public:
  /// Parses well-formed UTF-8. Throws Error when the page is over a limit; `where` names it.
  static HtmlTree parse(std::string_view utf8, const HtmlLimits& limits, std::string_view where);
  HtmlTree(HtmlTree&&) noexcept;
  HtmlTree& operator=(HtmlTree&&) noexcept;
  ~HtmlTree();

  /// The <html> element.
  const GumboNode* root() const { return root_; }
  /// A number below num_slots() that is the node's own, to keep facts about nodes in a vector.
  size_t slot(const GumboNode* node) const;
  size_t num_slots() const;

 private:
  HtmlTree(std::unique_ptr<detail::TreeMemory> memory, const GumboNode* root);

  std::unique_ptr<detail::TreeMemory> memory_;
  const GumboNode* root_;
};

/// Whether the node is an element; templates, which have no content for a reader, are not.
inline bool is_element(const GumboNode* node) { return node->type == GUMBO_NODE_ELEMENT; }
/// Whether the node is text of any kind.
inline bool is_text(const GumboNode* node) {
  return node->type == GUMBO_NODE_TEXT || node->type == GUMBO_NODE_WHITESPACE ||
         node->type == GUMBO_NODE_CDATA;
}
/// The element's tag; GUMBO_TAG_UNKNOWN for text and for names that gumbo does not know.
inline GumboTag tag_of(const GumboNode* node) {
  return is_element(node) ? node->v.element.tag : GUMBO_TAG_UNKNOWN;
}
/// Whether the element has this name, in lower case, that gumbo does not know.
bool has_unknown_name(const GumboNode* element, std::string_view name);
/// Children of an element, none for other nodes.
std::span<GumboNode* const> children(const GumboNode* node);
/// The value of an attribute, empty when the element lacks it; name in lower case.
std::string_view attribute(const GumboNode* element, const char* name);
bool has_attribute(const GumboNode* element, const char* name);
/// The value of a whole number attribute, within a million of 0, or `otherwise`.
int64_t integer_attribute(const GumboNode* element, const char* name, int64_t otherwise);

}  // namespace flamingo::html
