#pragma once

#include <string>

#include "flamingo/core/config.h"
#include "flamingo/core/rng.h"
#include "flamingo/pictures/labelled_pictures.h"

namespace flamingo::pictures {

/// How a caption is drawn from a class's words.
struct CaptionConfig {
  double name = 0.5;
  double tags = 0.3;
  int64_t max_tags = 3;

  template <class Visitor>
  void visit(Visitor& v) {
    v("name", name, "probability of the name alone");
    v("tags", tags, "probability of 1 to max_tags tags; what is left is for name and tags");
    v("max_tags", max_tags, "most tags in one caption");
  }
  /// Throws Error when a field is out of its range.
  void validate() const;
};

/// A caption such as "red apple", "fruit, health" or "red apple, fruit". A class without tags
/// gives its name.
std::string sample_caption(const PictureClass& shown, const CaptionConfig& config, Rng& rng);

}  // namespace flamingo::pictures
