#pragma once

#include <cstdint>
#include <string>
#include <vector>

namespace flamingo::document {

/// What a media item of a document is.
enum class MediaKind { kImage, kVideo };

/// A picture or clip of a document. Builders fill it step by step: address and description from
/// the page, then the file, then what its header says.
struct MediaItem {
  MediaKind kind = MediaKind::kImage;
  std::string url;     ///< absolute address or file name it came from; may be empty
  std::string alt;     ///< the page's words for it, not part of the text; may be empty
  std::string bytes;   ///< the file as it was published (JPEG, PNG, ..., MP4); empty: not fetched
  std::string format;  ///< extension of `bytes` without dot: jpg, png, webp, gif, mp4, ...
  int64_t width = 0;   ///< pixels; 0: unknown
  int64_t height = 0;  ///< pixels; 0: unknown
  std::string sha256;  ///< of `bytes`, 64 hex digits; empty: not computed
};

/// A stretch of text or the place of a media item.
struct Part {
  std::string text;         ///< UTF-8; empty where a media item is
  int64_t media_item = -1;  ///< index into Document::media, or -1 for text

  bool is_text() const { return media_item < 0; }
  static Part of_text(std::string text) { return {std::move(text), -1}; }
  static Part of_media_item(int64_t index) { return {{}, index}; }
};

/// Text with media at their places, no markup: a web page (M3W), a captioned picture (one media
/// item, then its text) or a captioned clip. Paper, section 2.3 and appendix A.3.
struct Document {
  std::string url;
  std::string title;
  std::string licence;  ///< as the page states it; may be empty
  std::vector<Part> parts;
  std::vector<MediaItem> media;  ///< in the order of their places
};

/// The text alone: the parts in order, a blank line where a media item is between two.
std::string plain_text(const Document& document);

}  // namespace flamingo::document
