#pragma once

#include "flamingo/media/image.h"
#include "flamingo/media/video.h"

namespace flamingo::media {

/// What pictures and clips of others may cost.
struct MediaLimits {
  ImageLimits image;
  VideoLimits video;

  template <class Visitor>
  void visit(Visitor& v) {
    v("image", image, "limits of pictures");
    v("video", video, "limits of clips");
  }
  /// Throws Error when a field is out of its range.
  void validate() const;
};

}  // namespace flamingo::media
