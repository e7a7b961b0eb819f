#include "flamingo/prompt/interleave.h"

#include <algorithm>

#include "flamingo/core/error.h"

namespace flamingo::prompt {
namespace {

/// Builds a page token by token, with phi in the kPrevious direction.
class PageBuilder {
 public:
  PageBuilder(const text::Tokenizer& tokenizer, const InterleaveOptions& options)
      : tokenizer_(tokenizer) {
    mark_ = tokenizer.encode(options.image_mark);
    const bool is_special =
        std::ranges::all_of(mark_, [&](int32_t id) { return tokenizer.is_special(id); });
    if (!is_special) mark_ = tokenizer.encode_plain(options.image_mark);
    require(!mark_.empty(), "interleave",
            "expected an image mark that encodes to tokens, got none");
    page_.mark_size = mark_.size();
    if (options.end_of_chunk.empty()) return;
    const auto eoc = tokenizer.token_to_id(options.end_of_chunk);
    require(eoc.has_value(), "interleave",
            "expected a tokenizer with the token \"{}\", got one without", options.end_of_chunk,
            Hint{"add it with with_special_token"});
    eoc_ = *eoc;
  }

  void special(std::optional<int32_t> id) {
    if (id) push(*id);
  }

  void begin(std::optional<int32_t> bos) {
    special(bos);
    page_start_ = page_.ids.size();
  }

  void text(std::string_view text) {
    for (const int32_t id : tokenizer_.encode_plain(text)) push(id);
  }

  void end_chunk() {
    const bool empty = page_.ids.size() == page_start_;
    if (eoc_ >= 0 && !empty && page_.ids.back() != eoc_) push(eoc_);
  }

  void media_item() {
    end_chunk();
    ++page_.num_media;
    page_.marks.push_back(static_cast<int32_t>(page_.ids.size()));
    for (const int32_t id : mark_) push(id);
  }

  Interleaved take() { return std::move(page_); }

 private:
  void push(int32_t id) {
    page_.ids.push_back(id);
    page_.phi.push_back(page_.num_media);
  }

  const text::Tokenizer& tokenizer_;
  std::vector<int32_t> mark_;
  int32_t eoc_ = -1;  // -1: chunks do not end
  size_t page_start_ = 0;
  Interleaved page_;
};

/// kPrevious to kNext: tokens see the next media item whose mark has not passed.
void turn_to_next(Interleaved& page) {
  size_t t = 0;
  for (int32_t media_item = 0; media_item < page.num_media; ++media_item) {
    const size_t mark_end = static_cast<size_t>(page.marks[media_item]) + page.mark_size;
    for (; t < mark_end; ++t) page.phi[t] = media_item + 1;
  }
}

}  // namespace

std::vector<Segment> split_marks(std::string_view text) {
  constexpr std::string_view kMarks[] = {"<image>", "<video>"};
  std::vector<Segment> segments;
  size_t start = 0;
  const auto flush = [&](size_t end) {
    if (end > start)
      segments.push_back(Segment::of_text(std::string(text.substr(start, end - start))));
  };
  for (size_t pos = text.find('<'); pos != std::string_view::npos; pos = text.find('<', pos)) {
    const auto* mark = std::find_if(std::begin(kMarks), std::end(kMarks), [&](std::string_view m) {
      return text.substr(pos, m.size()) == m;
    });
    if (mark == std::end(kMarks)) {
      ++pos;
      continue;
    }
    flush(pos);
    segments.push_back(Segment::media_item(mark != std::begin(kMarks)));
    start = pos += mark->size();
  }
  flush(text.size());
  return segments;
}

Interleaved interleave(const text::Tokenizer& tokenizer, std::span<const Segment> segments,
                       const InterleaveOptions& options) {
  PageBuilder builder(tokenizer, options);
  builder.begin(options.begin ? tokenizer.bos_id() : std::nullopt);
  for (size_t i = 0; i < segments.size();) {
    if (segments[i].kind == Segment::Kind::kText) {
      std::string text;
      for (; i < segments.size() && segments[i].kind == Segment::Kind::kText; ++i) {
        text += segments[i].text;
      }
      builder.text(text);
      continue;
    }
    if (segments[i].kind == Segment::Kind::kMediaItem) {
      builder.media_item();
    } else {
      builder.end_chunk();
    }
    ++i;
  }
  if (options.close) builder.end_chunk();
  if (options.end) builder.special(tokenizer.eos_id());
  Interleaved page = builder.take();
  if (options.direction == MediaDirection::kNext) turn_to_next(page);
  return page;
}

}  // namespace flamingo::prompt
