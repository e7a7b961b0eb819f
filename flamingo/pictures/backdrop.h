#pragma once

#include <array>
#include <cstdint>
#include <span>

#include "flamingo/core/rng.h"

namespace flamingo::pictures {

using Colour = std::array<float, 3>;  ///< RGB in [0, 1]

/// A random colour with channels in [low, high).
Colour random_colour(Rng& rng, double low, double high);

/// Fills planes [3, S, S] with one colour.
void paint_plain(const Colour& colour, int64_t side, std::span<float> planes);

/// Fills planes [3, S, S] with two colours: a gradient, stripes, checks or soft blobs, turned and
/// scaled at random.
void paint_texture(const Colour& first, const Colour& second, int64_t side, Rng& rng,
                   std::span<float> planes);

/// Fills a random rectangle of 2 to 20 % of the area with one colour.
void erase_rectangle(int64_t side, Rng& rng, std::span<float> planes);

/// Lays premultiplied planes [4, S, S], faded by `opacity`, over planes [3, S, S].
void lay_over(std::span<const float> premultiplied, float opacity, int64_t side,
              std::span<float> planes);

}  // namespace flamingo::pictures
