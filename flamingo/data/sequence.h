#pragma once

#include <ATen/core/Tensor.h>

#include <cstdint>
#include <functional>
#include <string>
#include <utility>
#include <variant>
#include <vector>

#include "flamingo/data/view_ref.h"
#include "flamingo/prompt/interleave.h"

namespace flamingo::data {

/// The pieces of a sequence as token ids. Made once from a tokenizer; the functions below only
/// concatenate, since byte-level BPE never merges across a leading space.
struct SequenceTokens {
  std::vector<int32_t> bos;    ///< before everything, may be empty
  std::vector<int32_t> image;  ///< stands where a media item does
  std::vector<int32_t> eoc;    ///< ends a chunk
  /// Text to ids, without special tokens.
  std::function<std::vector<int32_t>(const std::string&)> encode;
};

/// A picture (one frame) or a clip (several) by reference. All frames are of one ViewRef::store.
using MediaFrames = std::vector<ViewRef>;
/// A picture or clip: by reference, or normalised pixels [F, 3, S, S].
using SequenceMediaItem = std::variant<MediaFrames, at::Tensor>;
/// The views of a media item by reference.
inline const MediaFrames& views_of(const SequenceMediaItem& media_item) {
  return std::get<MediaFrames>(media_item);
}

/// One training sequence or prompt.
///
///   <bos> <image> Output: cat <EOC> <image> Output: dog <EOC>
///   phi  0       1       1   1     1       2       2   2     2
struct Sequence {
  std::vector<int32_t> ids;    ///< [T]
  std::vector<int32_t> phi;    ///< [T], index + 1 of the media item a token sees, 0 for none
  std::vector<uint8_t> label;  ///< [T], 1 where ids[t] is a target of the loss
  std::vector<SequenceMediaItem> media;  ///< M
  bool binding = false;                  ///< shows each label once before it asks for it
  std::string key;                       ///< where it came from, for messages; may be empty
  int64_t frames_bad = 0;                ///< of its clips, left out because they were damaged
};

/// Appends the pieces of a sequence one by one and keeps phi and labels in step.
class SequenceBuilder {
 public:
  /// Starts with <bos>. `tokens` must outlive the builder. With kNext, text sees the media item
  /// that follows it (the last one, where none follows), and marks see their own; see interleave().
  explicit SequenceBuilder(const SequenceTokens& tokens,
                           prompt::MediaDirection direction = prompt::MediaDirection::kPrevious);

  /// A media item; it is what the following tokens see.
  SequenceBuilder& media_item(MediaFrames frames);
  /// Text; `label` makes its tokens targets.
  SequenceBuilder& text(const std::string& text, bool label = false);
  SequenceBuilder& ids(const std::vector<int32_t>& ids, bool label = false);
  SequenceBuilder& eoc(bool label = false);
  /// Ends the sequence; the builder must not be used after it.
  Sequence build();

 private:
  void append(const std::vector<int32_t>& ids, size_t phi, bool label);

  const SequenceTokens& tokens_;
  prompt::MediaDirection direction_;
  Sequence sequence_;
};

/// How many one-token words serve as made-up labels, unless a recipe says otherwise.
inline constexpr int64_t kLabelWords = 6000;

/// Ids of tokens that read as " word" (a space and 3 to 8 small letters), rising, at most `limit`.
/// id_text gives a token's text with a plain leading space.
std::vector<int32_t> one_token_words(int64_t vocab_size,
                                     const std::function<std::string(int32_t)>& id_text,
                                     int64_t limit);

/// The same for a tokenizer's own vocabulary.
std::vector<int32_t> one_token_words(const text::Tokenizer& tokenizer, int64_t limit = kLabelWords);

}  // namespace flamingo::data
