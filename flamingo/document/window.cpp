#include "flamingo/document/window.h"

#include <algorithm>

#include "flamingo/core/checked.h"

namespace flamingo::document {
namespace {

std::vector<prompt::Segment> segments_of(const Document& document, bool leading_space) {
  std::vector<prompt::Segment> segments;
  bool space = false;  // the next text gets one
  for (const Part& part : document.parts) {
    if (!part.is_text()) {
      const MediaItem& media_item = document.media[static_cast<size_t>(part.media_item)];
      space = leading_space && segments.empty();
      segments.push_back(prompt::Segment::media_item(media_item.kind == MediaKind::kVideo));
    } else {
      segments.push_back(prompt::Segment::of_text((space ? " " : "") + part.text));
      space = false;
    }
  }
  return segments;
}

/// Tokens [begin, end) of a page and the media [first, last) whose marks begin there.
struct Range {
  size_t begin = 0, end = 0;
  size_t first = 0, last = 0;
};

Range sample_range(const prompt::Interleaved& page, const WindowConfig& config, Rng& rng) {
  const size_t length = page.ids.size();
  const auto most = static_cast<size_t>(config.max_tokens);
  Range range;
  range.begin = length > most ? rng.below(length - most + 1) : 0;
  range.end = std::min(length, range.begin + most);
  const auto mark_at = [&](size_t token) {
    return static_cast<size_t>(std::ranges::lower_bound(page.marks, static_cast<int32_t>(token)) -
                               page.marks.begin());
  };
  range.first = mark_at(range.begin);
  range.last = mark_at(range.end);
  const size_t media_limit = range.first + static_cast<size_t>(config.max_media);
  if (range.last > media_limit) {
    range.last = media_limit;
    range.end = static_cast<size_t>(page.marks[media_limit]);
  }
  return range;
}

/// Marks are given, not predicted, and nothing predicts the first token.
std::vector<uint8_t> labels_of(const prompt::Interleaved& page, const Range& range,
                               size_t mark_size) {
  std::vector<uint8_t> label(range.end - range.begin, 1);
  label.front() = 0;
  for (const int32_t mark : page.marks) {
    const size_t mark_begin = std::max(static_cast<size_t>(mark), range.begin);
    const size_t mark_end = std::min(static_cast<size_t>(mark) + mark_size, range.end);
    for (size_t t = mark_begin; t < mark_end; ++t) label[t - range.begin] = 0;
  }
  return label;
}

}  // namespace

void WindowConfig::validate() const {
  require_within("window", "max_tokens", max_tokens, 2, 1 << 20);
  require_within("window", "max_media", max_media, 0, 1 << 16);
  require_within("window", "p_next", p_next, 0, 1);
  require_within("window", "leading_space", leading_space, 0, 1);
}

DocumentWindow sample_window(const text::Tokenizer& tokenizer, const Document& document,
                             const WindowConfig& config, Rng& rng,
                             const prompt::InterleaveOptions& marks) {
  const bool next = rng.coin(config.p_next);
  const bool space = rng.coin(config.leading_space);
  const auto segments = segments_of(document, space);
  const prompt::Interleaved page = prompt::interleave(
      tokenizer, segments,
      {.image_mark = marks.image_mark,
       .end_of_chunk = marks.end_of_chunk,
       .close = true,
       .end = true,
       .direction = next ? prompt::MediaDirection::kNext : prompt::MediaDirection::kPrevious});
  DocumentWindow window;
  if (page.ids.empty()) return window;
  const Range range = sample_range(page, config, rng);
  window.ids.assign(page.ids.begin() + range.begin, page.ids.begin() + range.end);
  for (size_t t = range.begin; t < range.end; ++t) {
    const auto media_item = static_cast<size_t>(page.phi[t]);  // counts from 1
    const bool inside = media_item > range.first && media_item <= range.last;
    window.phi.push_back(inside ? static_cast<int32_t>(media_item - range.first) : 0);
  }
  window.label = labels_of(page, range, page.mark_size);
  for (size_t i = range.first; i < range.last; ++i) window.media.push_back(static_cast<int64_t>(i));
  return window;
}

}  // namespace flamingo::document
