#pragma once

#include <cstddef>
#include <cstdint>
#include <span>
#include <string_view>

#include "flamingo/media/image.h"

namespace flamingo::media {

/// Draws an SVG document onto a transparent square: straight-alpha RGBA [size, size, 4], aspect
/// ratio kept, centred. The document cannot load anything outside itself. `css` is applied after
/// the document's own rules. Throws Error: size outside [1, 4096], more than 4 MiB, or a document
/// or rule librsvg refuses.
Image render_svg(std::span<const std::byte> svg, int64_t size, std::string_view css = {});

}  // namespace flamingo::media
