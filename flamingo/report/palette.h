#pragma once

#include <cstddef>
#include <string>

namespace flamingo::report {

/// "#rrggbb" of the i-th of things without order (sources, runs). The first eight stay apart, also
/// with the common colour blindnesses, and are seen on white and on dark grey; then they repeat.
std::string category_colour(size_t i);

/// "#rrggbb" of the i-th of `count` things in order (layers): an even walk in Oklch from blue over
/// green and yellow to red. Source: Ottosson 2020, "A perceptual color space for image processing".
std::string ramp_colour(size_t i, size_t count);

/// stroke-dasharray of the i-th line that shares a colour with others; empty (solid) for the first.
/// The first six differ; then they repeat.
std::string dash_pattern(size_t i);

}  // namespace flamingo::report
