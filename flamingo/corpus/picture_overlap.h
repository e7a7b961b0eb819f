#pragma once

#include <cstdint>
#include <functional>
#include <string>
#include <vector>

#include "flamingo/pictures/labelled_pictures.h"

namespace flamingo::corpus {

/// A picture that looks like one of another split.
struct PictureOverlap {
  int64_t picture = 0;
  int64_t like = 0;  ///< its nearest picture of the split
  int distance = 0;  ///< bits in which their hashes differ
};

/// Pictures outside `split` whose picture_hash, over white, differs in at most `most` bits from
/// that of a picture in it, each with its nearest. Damaged pictures and those of one grey are like
/// none. on_picture is told how many are read. Throws Error when the set has no such split, and on
/// `most` outside 0..11.
std::vector<PictureOverlap> picture_overlaps(
    const pictures::LabelledPictures& set, const std::string& split, int most,
    const std::function<void(int64_t done, int64_t total)>& on_picture = {});

}  // namespace flamingo::corpus
