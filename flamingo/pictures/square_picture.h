#pragma once

#include <vector>

#include "flamingo/media/image.h"
#include "flamingo/media/transform.h"

namespace flamingo::pictures {

/// An RGBA image in the middle of a clear square, which is at least as wide and high.
media::Image centred(const media::Image& rgba, int64_t side);

/// The image, made smaller with its aspect ratio where its longer side is above `side`. A build
/// without media libraries leaves it as it is.
media::Image at_most(const media::Image& image, int64_t side);

/// A picture as augmentation takes it: RGBA, square. See-through ones are padded, and made smaller
/// where they are more than twice as large as the encoder's; others become what `transform` makes
/// of them. Throws Error for others than RGB and RGBA.
media::Image square_picture(const media::Image& image, const media::TransformConfig& transform);

/// An opaque picture as the model is shown it, [3, S, S]: media::transform_image.
std::vector<float> opaque_pixels(const media::Image& image,
                                 const media::TransformConfig& transform);

}  // namespace flamingo::pictures
