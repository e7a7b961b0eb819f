#pragma once

#include "flamingo/media/image.h"

namespace flamingo::media {

/// Pillow's convert("RGBA"): palettes and colour keys keep their transparency.
Image convert_to_rgba(const Image& image);

/// RGB after alpha compositing over white, Pillow's alpha_composite; an opaque RGB image is
/// returned as it is.
Image composite_over_white(const Image& image);

/// Colours times alpha (Pillow's La, RGBa). mode must be kGreyAlpha or kRgba.
void premultiply(Image& image);
/// The inverse; exact where alpha is 0 or 255.
void unpremultiply(Image& image);

}  // namespace flamingo::media
