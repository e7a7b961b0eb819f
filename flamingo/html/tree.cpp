#include "flamingo/html/tree.h"

#include <algorithm>
#include <array>
#include <charconv>
#include <csetjmp>
#include <cstddef>
#include <cstring>
#include <new>
#include <string>
#include <utility>
#include <vector>

#include "flamingo/core/error.h"
#include "flamingo/html/html_space.h"

namespace flamingo::html {
namespace {

constexpr size_t kNodeBytes = sizeof(GumboNode);
constexpr size_t kChunkBytes = 64 << 10;
constexpr int kMaxBodyTags = 64;

}  // namespace

namespace detail {

/// All memory of one run of gumbo, which calls allocate() and never frees. A request over a limit
/// does not return: it jumps out of the parser, whose state is nothing but this memory.
///
/// Nodes are known by their size and lie side by side, so that each has a number and the depth of
/// the tree can be followed while it grows. A string may have that size too; it costs a slot.
class TreeMemory {
 public:
  TreeMemory(size_t page_bytes, const HtmlLimits& limits)
      : max_nodes_(std::min(static_cast<size_t>(limits.nodes), page_bytes + 1024)),
        max_depth_(static_cast<uint32_t>(limits.depth)),
        max_attributes_(limits.attributes),
        other_left_(256 * page_bytes + (1 << 20)),
        nodes_(std::make_unique_for_overwrite<std::byte[]>(max_nodes_ * kNodeBytes)),
        depths_(std::make_unique_for_overwrite<uint32_t[]>(max_nodes_)) {}

  static void* allocate(void* self, size_t bytes) {
    auto& memory = *static_cast<TreeMemory*>(self);
    void* block = bytes == kNodeBytes ? memory.new_node() : memory.new_block(bytes);
    if (block == nullptr) std::longjmp(memory.refused, 1);
    return block;
  }
  static void keep(void* /*self*/, void* /*block*/) {}

  size_t slot(const void* node) const {
    return static_cast<size_t>(static_cast<const std::byte*>(node) - nodes_.get()) / kNodeBytes;
  }
  size_t num_nodes() const { return num_nodes_; }
  const char* refusal() const { return refusal_; }

  std::jmp_buf refused;

 private:
  void* new_node() {
    if (num_nodes_ > 0 && depth_of(num_nodes_ - 1) > max_depth_) return refuse("depth");
    if (num_nodes_ == max_nodes_) return refuse("nodes");
    void* node = nodes_.get() + num_nodes_ * kNodeBytes;
    std::memset(node, 0, kNodeBytes);
    depths_[num_nodes_++] = 0;
    return node;
  }

  void* new_block(size_t bytes) {
    if (bytes == sizeof(GumboAttribute)) {
      attributes_ = has_new_node() ? 1 : attributes_ + 1;
      if (attributes_ > max_attributes_) return refuse("attributes");
    }
    bytes = (bytes + alignof(std::max_align_t) - 1) & ~(alignof(std::max_align_t) - 1);
    if (bytes > other_left_) return refuse("memory");
    other_left_ -= bytes;
    if (bytes > static_cast<size_t>(end_ - next_) && !add_chunk(bytes)) return refuse("memory");
    void* block = next_;
    next_ += bytes;
    return block;
  }

  /// Whether the tree got a node since the last call. Strings in slots hang below nothing.
  bool has_new_node() {
    bool found = false;
    for (; checked_nodes_ < num_nodes_; ++checked_nodes_) {
      found = found || parent_slot(checked_nodes_) != num_nodes_;
    }
    return found;
  }

  bool add_chunk(size_t bytes) try {
    const size_t chunk = std::max(bytes, kChunkBytes);
    next_ = chunks_.emplace_back(std::make_unique_for_overwrite<std::byte[]>(chunk)).get();
    end_ = next_ + chunk;
    return true;
  } catch (const std::bad_alloc&) {  // must not pass through the parser
    return false;
  }

  /// Nodes above that of a slot. It is remembered for all on the way up that hangs below the
  /// document, the first node; the parser moves nodes, but never far down.
  uint32_t depth_of(size_t slot) {
    std::array<size_t, 64> path{};
    size_t length = 0;
    while (slot != 0 && depths_[slot] == 0 && length < path.size()) {
      path[length++] = slot;
      slot = parent_slot(slot);
      if (slot == num_nodes_) return static_cast<uint32_t>(length);  // not yet in the tree
    }
    uint32_t depth = depths_[slot];
    while (length > 0) depths_[path[--length]] = ++depth;
    return depth;
  }

  /// The slot of the node's parent, or num_nodes() where it has none yet. The slot may hold a
  /// string, so that nothing is believed that does not point to a node.
  size_t parent_slot(size_t slot) const {
    const std::byte* parent = nullptr;
    std::memcpy(&parent, nodes_.get() + slot * kNodeBytes + offsetof(GumboNode, parent),
                sizeof(parent));
    const auto offset =
        reinterpret_cast<uintptr_t>(parent) - reinterpret_cast<uintptr_t>(nodes_.get());
    const bool is_node = offset < num_nodes_ * kNodeBytes && offset % kNodeBytes == 0;
    return is_node ? offset / kNodeBytes : num_nodes_;
  }

  std::nullptr_t refuse(const char* limit) {
    refusal_ = limit;
    return nullptr;
  }

  size_t max_nodes_;
  uint32_t max_depth_;
  int64_t max_attributes_;
  size_t other_left_;
  std::unique_ptr<std::byte[]> nodes_;
  std::unique_ptr<uint32_t[]> depths_;
  size_t num_nodes_ = 0;
  size_t checked_nodes_ = 0;
  int64_t attributes_ = 0;  ///< since the last node
  std::vector<std::unique_ptr<std::byte[]>> chunks_;
  std::byte* next_ = nullptr;
  std::byte* end_ = nullptr;
  const char* refusal_ = nullptr;
};

}  // namespace detail

namespace {

using detail::TreeMemory;

/// Runs the parser in `memory`; null when the memory refused. No object with a destructor lives
/// here or below, so that the jump skips none.
const GumboOutput* run_gumbo(TreeMemory& memory, std::string_view utf8) {
  GumboOptions options = kGumboDefaultOptions;
  options.allocator = &TreeMemory::allocate;
  options.deallocator = &TreeMemory::keep;
  options.userdata = &memory;
  options.max_errors = 0;
  if (setjmp(memory.refused) != 0) return nullptr;
  return gumbo_parse_with_options(&options, utf8.data(), utf8.size());
}

/// How often <body or <html is in a page. gumbo compares the attributes of each with all that
/// the element got from those before.
int count_body_tags(std::string_view page) {
  int count = 0;
  for (size_t at = page.find('<'); at != std::string_view::npos; at = page.find('<', at + 1)) {
    const char initial = at + 1 < page.size() ? ascii_lower(page[at + 1]) : ' ';
    if (initial != 'b' && initial != 'h') continue;
    const std::string_view name = page.substr(at + 1, 4);
    count += ascii_iequal(name, "body") || ascii_iequal(name, "html");
  }
  return count;
}

}  // namespace

HtmlTree::HtmlTree(std::unique_ptr<TreeMemory> memory, const GumboNode* root)
    : memory_(std::move(memory)), root_(root) {}
HtmlTree::HtmlTree(HtmlTree&&) noexcept = default;
HtmlTree& HtmlTree::operator=(HtmlTree&&) noexcept = default;
HtmlTree::~HtmlTree() = default;

HtmlTree HtmlTree::parse(std::string_view utf8, const HtmlLimits& limits, std::string_view where) {
  require(limits.bytes >= 0 && limits.nodes > 0 && limits.depth > 0 && limits.attributes > 0, where,
          "expected positive limits, got {} bytes, {} nodes, {} levels and {} attributes",
          limits.bytes, limits.nodes, limits.depth, limits.attributes);
  require(std::cmp_less_equal(utf8.size(), limits.bytes), where,
          "expected a page of at most {} bytes, got {}", limits.bytes, utf8.size());
  require(count_body_tags(utf8) <= kMaxBodyTags, where, "expected one <body>, got more than 64");
  auto memory = std::make_unique<TreeMemory>(utf8.size(), limits);
  const GumboOutput* output = run_gumbo(*memory, utf8);
  if (output == nullptr) {
    fail(where, "expected a page within the limits, got one over that of {}", memory->refusal());
  }
  return {std::move(memory), output->root};
}

size_t HtmlTree::slot(const GumboNode* node) const { return memory_->slot(node); }
size_t HtmlTree::num_slots() const { return memory_->num_nodes(); }

bool has_unknown_name(const GumboNode* element, std::string_view name) {
  if (!is_element(element) || element->v.element.tag != GUMBO_TAG_UNKNOWN) return false;
  GumboStringPiece piece = element->v.element.original_tag;
  gumbo_tag_from_original_text(&piece);
  return piece.data != nullptr && ascii_iequal({piece.data, piece.length}, name);
}

std::span<GumboNode* const> children(const GumboNode* node) {
  if (!is_element(node)) return {};
  const GumboVector& list = node->v.element.children;
  return {reinterpret_cast<GumboNode* const*>(list.data), list.length};
}

std::string_view attribute(const GumboNode* element, const char* name) {
  const GumboAttribute* found = gumbo_get_attribute(&element->v.element.attributes, name);
  return found == nullptr ? std::string_view() : std::string_view(found->value);
}

bool has_attribute(const GumboNode* element, const char* name) {
  return gumbo_get_attribute(&element->v.element.attributes, name) != nullptr;
}

int64_t integer_attribute(const GumboNode* element, const char* name, int64_t otherwise) {
  const std::string_view text = trim_html_space(attribute(element, name));
  int64_t value = otherwise;
  std::from_chars(text.data(), text.data() + text.size(), value);
  return std::clamp<int64_t>(value, -1'000'000, 1'000'000);
}

}  // namespace flamingo::html
