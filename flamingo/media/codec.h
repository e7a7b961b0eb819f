#pragma once

#include <cstddef>
#include <cstdint>
#include <span>
#include <string>
#include <utility>

#include "flamingo/media/image.h"

namespace flamingo::media {

/// What a codec hands back.
struct DecodedFile {
  Image image;          ///< as stored, orientation not applied
  int orientation = 1;  ///< how it stands upright, in EXIF's numbers (see apply_orientation)
};

/// Throws Error unless a header's extents are >= 1 and within `limits`.
void check_extents(int64_t height, int64_t width, const std::string& where,
                   const ImageLimits& limits);

/// One decoder per format. `bytes` starts with the format's magic.
/// Throw Error: damaged, truncated, over a limit; they keep nothing of `bytes`.
DecodedFile decode_jpeg(std::span<const std::byte> bytes, const std::string& where,
                        const ImageLimits& limits);
DecodedFile decode_png(std::span<const std::byte> bytes, const std::string& where,
                       const ImageLimits& limits);
DecodedFile decode_webp(std::span<const std::byte> bytes, const std::string& where,
                        const ImageLimits& limits);
DecodedFile decode_gif(std::span<const std::byte> bytes, const std::string& where,
                       const ImageLimits& limits);
DecodedFile decode_avif(std::span<const std::byte> bytes, const std::string& where,
                        const ImageLimits& limits);

/// Width and height that the boxes of an AVIF file give, which must be whole; no pixel is decoded.
/// Throws Error as decode_avif.
std::pair<int64_t, int64_t> avif_extents(std::span<const std::byte> bytes,
                                         const std::string& where);

}  // namespace flamingo::media
