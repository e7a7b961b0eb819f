#pragma once

#include <string>

#include "flamingo/media/ffmpeg.h"
#include "flamingo/media/image.h"

namespace flamingo::media {

/// The EXIF orientation nearest to a display matrix, which maps stored points (x, y, 1) to shown
/// ones (ISO/IEC 14496-12, 6.2.2): rotations by quarters, mirrored or not. 1 for a matrix of zeros.
int matrix_orientation(const int32_t (&matrix)[9]);

/// How a frame stands upright, in EXIF's numbers: by its container's display matrix, else by the
/// one in the frame's own stream (display orientation SEI of H.264 and H.265), else 1.
int frame_orientation(const AVStream& stream, const AVFrame& frame);

/// The frame as RGB by its own colour matrix and range, without its orientation. `where` names the
/// clip. Throws Error for a pixel format that swscale does not know.
Image frame_to_rgb(const AVFrame& frame, const std::string& where);

}  // namespace flamingo::media
