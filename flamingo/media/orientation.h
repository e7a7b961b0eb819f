#pragma once

#include <string>

#include "flamingo/media/image.h"

namespace flamingo::media {

/// The EXIF orientation (1 to 8) in a block of TIFF bytes; 1 when absent, damaged or out of range.
int exif_orientation(const std::string& exif);

/// Turns and mirrors the stored pixels so that the picture stands upright.
///
///   1 as is   2 mirrored   3 turned 180   4 flipped
///   5 transposed   6 turned 90 clockwise   7 transversed   8 turned 270 clockwise
///
/// Throws Error unless orientation is in [1, 8].
Image apply_orientation(const Image& image, int orientation);

}  // namespace flamingo::media
