#pragma once

#include <cstdint>
#include <span>
#include <string>
#include <string_view>
#include <vector>

#include "flamingo/text/tokenizer.h"

namespace flamingo::prompt {

/// A part of an interleaved page: text, the place of a media item (image or clip), or the end of a
/// chunk.
struct Segment {
  /// kText has content; the others are places between texts.
  enum class Kind { kText, kMediaItem, kEndOfChunk };

  Kind kind = Kind::kText;
  std::string text;       ///< of kText; never read for marks
  bool is_video = false;  ///< of kMediaItem: which mark it was written as

  static Segment of_text(std::string text) { return {Kind::kText, std::move(text)}; }
  static Segment media_item(bool is_video = false) { return {Kind::kMediaItem, {}, is_video}; }
  static Segment end_of_chunk() { return {Kind::kEndOfChunk, {}}; }
};

/// Which media item a token sees (paper, appendix A.3.2: one coin per page with p_next = 0.5).
enum class MediaDirection { kPrevious, kNext };

/// How text and media marks become tokens (paper 3.1.3, appendix A.2).
struct InterleaveOptions {
  std::string image_mark = "<image>";  ///< added tokens, or plain text, as the tokenizer has it
  std::string end_of_chunk =
      "<EOC>";         ///< must be a token of the tokenizer; empty: chunks do not end
  bool begin = true;   ///< starts with the tokenizer's BOS, if it has one
  bool close = false;  ///< ends the last chunk; prompts stay open
  bool end = false;    ///< appends EOS, if the tokenizer has one
  MediaDirection direction = MediaDirection::kPrevious;
};

/// Tokens of a page and the media item that each may attend to.
struct Interleaved {
  std::vector<int32_t> ids;    ///< [T]
  std::vector<int32_t> phi;    ///< [T], 1..num_media, or 0 for none
  std::vector<int32_t> marks;  ///< [num_media], where each media item's mark begins
  size_t mark_size = 0;        ///< tokens of a mark
  int32_t num_media = 0;
};

/// Splits text at every "<image>" and "<video>"; both give kMediaItem.
std::vector<Segment> split_marks(std::string_view text);

/// Tokens and media indices of a page. Text between marks is encoded on its own, as plain text:
/// special tokens that it spells stay text, and no token reaches across a mark. A chunk is ended
/// before each mark that something other than BOS precedes, and never twice.
///
///             | <BOS> | pets | <EOC> | <image> | puppy | <EOC> | <image> | cat | <EOC> | <EOS>
///   kPrevious |   0   |  0   |   0   |    1    |   1   |   1   |    2    |  2  |   2   |   2
///   kNext     |   1   |  1   |   1   |    1    |   2   |   2   |    2    |  2  |   2   |   2
///
/// A mark of several tokens carries its own number on each. In kNext, tokens after the last mark
/// keep the last media item, since the paper leaves them open; without media phi is 0 everywhere.
///
/// Throws Error when end_of_chunk is not a token of the tokenizer.
/// Source: paper section 2.3 and appendix A.3.2, figure 6.
Interleaved interleave(const text::Tokenizer& tokenizer, std::span<const Segment> segments,
                       const InterleaveOptions& options = {});

}  // namespace flamingo::prompt
