#include "flamingo/html/page.h"

#include <algorithm>
#include <utility>

#include "flamingo/html/blocks.h"
#include "flamingo/html/facts.h"
#include "flamingo/html/html_space.h"
#include "flamingo/html/layout.h"
#include "flamingo/html/squeeze.h"
#include "flamingo/html/table.h"
#include "flamingo/html/text_writer.h"
#include "flamingo/url/data_url.h"

namespace flamingo::html {
namespace {

/// The element before or after `node` among its siblings; null for none and when text stands
/// between.
const GumboNode* neighbour(const GumboNode* node, bool after) {
  const auto siblings = children(node->parent);
  const size_t step = after ? 1 : SIZE_MAX;  // minus one: a position below 0 is past the end
  for (size_t i = node->index_within_parent + step; i < siblings.size(); i += step) {
    if (is_element(siblings[i])) return siblings[i];
    if (siblings[i]->type == GUMBO_NODE_TEXT) return nullptr;
  }
  return nullptr;
}

/// The order in which the children of an element are read: a figure's caption that is before
/// the picture comes last.
struct Order {
  size_t size = 0;
  size_t caption = SIZE_MAX;

  explicit Order(const GumboNode* element) : size(children(element).size()) {
    if (tag_of(element) != GUMBO_TAG_FIGURE) return;
    const auto list = children(element);
    for (size_t i = 0; i < list.size() && caption == SIZE_MAX; ++i) {
      if (tag_of(list[i]) == GUMBO_TAG_FIGCAPTION) caption = i;
    }
  }
  size_t child(size_t step) const {
    if (step < caption) return step;
    return step + 1 < size ? step + 1 : caption;
  }
};

/// An element that is being read.
struct Frame {
  const GumboNode* element;
  Order order;
  size_t step = 0;
  int64_t next_item = 1;
  int64_t column = -1;  ///< of the last cell of a row
  int64_t written = 0;  ///< by the writer when the element began
  bool preformatted = false;
  bool text = true;       ///< false in a <noscript>, of which only the picture counts
  bool one_line = false;  ///< in a row of a table that is one line
};

/// Reads a judged body into a document, element by element without recursion.
class PageReader {
 public:
  PageReader(const HtmlTree& tree, Judgement judgement, PageAddress address,
             const PageOptions& options, HtmlPage& page)
      : tree_(tree),
        judgement_(std::move(judgement)),
        address_(std::move(address)),
        options_(options),
        page_(page),
        writer_(page.document),
        tables_(tree, judgement_.reasons) {
    page_.dropped = judgement_.counts;
  }

  void run() {
    if (judgement_.body != nullptr) enter(judgement_.body);
    while (!frames_.empty()) {
      Frame& frame = frames_.back();
      if (frame.step == frame.order.size) {
        leave(frame.element);
      } else {
        read(children(frame.element)[frame.order.child(frame.step++)]);
      }
    }
    writer_.finish();
  }

 private:
  void read(const GumboNode* node) {
    if (judgement_.reasons[tree_.slot(node)] != DropReason::kNone) return;
    if (is_text(node)) {
      read_text(node->v.text.text);
    } else if (is_element(node) && !is_never_content(node)) {
      read_element(node);
    }
  }

  void read_text(std::string_view text) {
    if (!frames_.back().text) return;
    if (frames_.back().preformatted) {
      writer_.preformatted(text);
    } else {
      writer_.text(text);
    }
  }

  void read_element(const GumboNode* element) {
    switch (tag_of(element)) {
      case GUMBO_TAG_IMG:
      case GUMBO_TAG_VIDEO:
        return read_media_item(element);
      case GUMBO_TAG_BR:
        return frames_.back().one_line ? writer_.text(" ") : writer_.line_break();
      case GUMBO_TAG_NOSCRIPT:
        if (is_beside_picture(element)) return;
        break;
      default:
        break;
    }
    enter(element);
  }

  /// Whether the element beside a <noscript> is a picture with an address. Otherwise the picture in
  /// the <noscript> is the real one, for readers without lazy loading.
  bool is_beside_picture(const GumboNode* noscript) const {
    for (const bool after : {false, true}) {
      const GumboNode* beside = neighbour(noscript, after);
      if (beside == nullptr || tag_of(beside) != GUMBO_TAG_IMG) continue;
      const MediaChoice choice = choose_media_item(beside, address_, options_.pictures);
      if (choice.media_item && !url::is_data_url(choice.media_item->url)) return true;
    }
    return false;
  }

  void read_media_item(const GumboNode* element) {
    MediaChoice choice{std::nullopt, DropReason::kTooMany};
    if (std::ssize(page_.document.media) < options_.limits.pictures) {
      choice = choose_media_item(element, address_, options_.pictures);
    }
    if (choice.media_item) {
      writer_.media_item(std::move(*choice.media_item));
    } else {
      ++page_.dropped[static_cast<size_t>(choice.reason)].pictures;
    }
  }

  void enter(const GumboNode* element) {
    begin_line(element);
    const GumboTag tag = tag_of(element);
    if (tag == GUMBO_TAG_LI) writer_.item(marker(element));
    if (tag == GUMBO_TAG_TABLE) tables_.add(element);
    if (tag == GUMBO_TAG_TD || tag == GUMBO_TAG_TH) begin_cell(element);
    Frame frame{.element = element, .order = Order(element), .written = writer_.num_written()};
    if (!frames_.empty()) {
      frame.preformatted = frames_.back().preformatted;
      frame.text = frames_.back().text;
      frame.one_line = frames_.back().one_line;
    }
    frame.preformatted = frame.preformatted || is_preformatted(element);
    frame.text = frame.text && tag != GUMBO_TAG_NOSCRIPT;
    frame.one_line = frame.one_line || (tag == GUMBO_TAG_TR && tables_.is_one_line(element));
    if (tag == GUMBO_TAG_OL) frame.next_item = integer_attribute(element, "start", 1);
    frames_.push_back(frame);
  }

  void leave(const GumboNode* element) {
    frames_.pop_back();
    if (tag_of(element) == GUMBO_TAG_LI) writer_.end_item();
    begin_line(element);
  }

  /// What is in the element begins a line, and so does what follows it.
  void begin_line(const GumboNode* element) {
    if (!frames_.empty() && frames_.back().one_line) return;
    const Layout layout = layout_of(element);
    if (layout == Layout::kLine) writer_.line();
    if (layout == Layout::kParagraph) writer_.paragraph();
  }

  void begin_cell(const GumboNode* cell) {
    Frame& row = frames_.back();
    const int64_t column = tables_.column(cell);
    // After a block in a row of several lines stands no column.
    const bool begins_line = writer_.num_written() > row.written && writer_.at_line_start();
    if (row.one_line || !begins_line) writer_.cell(column - std::max<int64_t>(row.column, 0));
    row.column = column;
  }

  /// "- ", or the number of an item of an ordered list.
  std::string marker(const GumboNode* item) {
    if (frames_.empty() || tag_of(frames_.back().element) != GUMBO_TAG_OL) return "- ";
    int64_t& next = frames_.back().next_item;
    next = integer_attribute(item, "value", next);
    return std::to_string(next++) + ". ";
  }

  const HtmlTree& tree_;
  Judgement judgement_;
  PageAddress address_;
  const PageOptions& options_;
  HtmlPage& page_;
  TextWriter writer_;
  TableLayout tables_;
  std::vector<Frame> frames_;
};

}  // namespace

bool HtmlPage::forbids(std::string_view directive) const {
  return std::ranges::find(robots, directive) != robots.end();
}

HtmlPage parse_page(std::string_view utf8, std::string_view url, const PageOptions& options) {
  const std::string squeezed = squeeze_indentation(utf8);
  const HtmlTree tree = HtmlTree::parse(squeezed, options.limits, url);
  const auto max_url = static_cast<size_t>(options.limits.url_bytes);
  PageFacts facts = read_facts(tree, url, max_url);
  HtmlPage page;
  page.document.url = url;
  page.document.title = std::move(facts.title);
  page.document.licence = std::move(facts.licence);
  page.language = std::move(facts.language);
  page.canonical = std::move(facts.canonical);
  page.robots = std::move(facts.robots);
  PageReader(tree, judge(tree, options.rules), {std::move(facts.base), options.limits.url_bytes},
             options, page)
      .run();
  return page;
}

}  // namespace flamingo::html
