#pragma once

#include <cstdint>
#include <optional>
#include <string>
#include <string_view>

#include "flamingo/document/document.h"
#include "flamingo/html/rules.h"
#include "flamingo/html/tree.h"

namespace flamingo::html {

/// Which pictures of a page become media.
struct PictureRules {
  int64_t min_side = 8;
  int64_t data_bytes = 64 << 10;
  bool svg = false;

  template <class Visitor>
  void visit(Visitor& v) {
    v("min_side", min_side, "pixels; a picture declared smaller (a tracking pixel) is dropped");
    v("data_bytes", data_bytes, "bytes of a data: address; longer ones are dropped");
    v("svg", svg, "keep drawings (SVG) too");
  }
};

/// The largest candidate of a srcset attribute: by width, or by density where no width is given.
/// A view into srcset, empty when it has none. extent: set to the largest width or density.
std::string_view largest_candidate(std::string_view srcset, double& extent);

/// The address of a picture as the page writes it: the largest of srcset, of the sources of a
/// <picture> around it and of the attributes that lazy loading reads; else src. Empty: none.
/// A view into the tree.
std::string_view picture_reference(const GumboNode* img);

/// What a page tells about addresses.
struct PageAddress {
  std::string base;  ///< absolute
  int64_t max_bytes = 4096;
};

/// A media item or why there is none.
struct MediaChoice {
  std::optional<document::MediaItem> media_item;
  DropReason reason = DropReason::kNone;
};

/// The media item of an <img> or <video> element: address, alternative text (alt, else title,
/// else aria-label) and the
/// size that the page declares.
MediaChoice choose_media_item(const GumboNode* element, const PageAddress& page,
                              const PictureRules& rules);

}  // namespace flamingo::html
