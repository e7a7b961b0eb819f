#pragma once

#include <cstdint>
#include <vector>

#include "flamingo/core/rng.h"
#include "flamingo/document/document.h"
#include "flamingo/prompt/interleave.h"

namespace flamingo::document {

/// What training sees of a document (paper, appendix A.3.2). Defaults are those of M3W; captioned
/// media are short: max_tokens 32 or 64, max_media 1, p_next 0, leading_space 0.5.
struct WindowConfig {
  int64_t max_tokens = 256;
  int64_t max_media = 5;
  double p_next = 0.5;
  double leading_space = 0.0;

  template <class Visitor>
  void visit(Visitor& v) {
    v("max_tokens", max_tokens, "length L of a sequence, in tokens");
    v("max_media", max_media,
      "most media N of a sequence; it ends before the mark of a further one");
    v("p_next", p_next,
      "probability, one coin a document, that text sees the next media item instead of the last "
      "one");
    v("leading_space", leading_space,
      "probability of a space in front of the text where a media item begins the document");
  }
  /// Throws Error when a field is out of its range.
  void validate() const;
};

/// A stretch of a document's tokens.
struct DocumentWindow {
  std::vector<int32_t> ids;    ///< [T], T <= max_tokens
  std::vector<int32_t> phi;    ///< [T], index + 1 into `media`, 0 for none
  std::vector<uint8_t> label;  ///< [T], 1 where ids[t] is a target of the loss: text, <EOC>, <EOS>
  std::vector<int64_t> media;  ///< which media of the document, in order
};

/// The document as interleave() writes it, chunks closed and <EOS> at the end, and of that a window
/// of max_tokens that begins at a uniformly random token (at the first where all fit). The media
/// item of a mark whose beginning is in the window belongs to it; tokens that would see another
/// see none. `marks` gives the marks' spelling; its other fields are not used.
DocumentWindow sample_window(const text::Tokenizer& tokenizer, const Document& document,
                             const WindowConfig& config, Rng& rng,
                             const prompt::InterleaveOptions& marks = {});

}  // namespace flamingo::document
