#pragma once

#include <array>
#include <string>
#include <utility>
#include <vector>

#include "flamingo/pictures/packed_pictures.h"
#include "tests/core/temporary_folder.h"

namespace flamingo::testing {

/// Side of the pictures below, in pixels.
inline constexpr int64_t kTinySide = 80;

/// A drawing of one colour: a filled square with a clear margin of `margin` pixels.
inline media::Image square_drawing(const std::array<uint8_t, 3>& colour, int64_t margin) {
  media::Image image{.height = kTinySide, .width = kTinySide, .mode = media::PixelMode::kRgba};
  image.pixels.assign(kTinySide * kTinySide * 4, 0);
  for (int64_t row = margin; row < kTinySide - margin; ++row) {
    for (int64_t column = margin; column < kTinySide - margin; ++column) {
      uint8_t* at = image.pixels.data() + (row * kTinySide + column) * 4;
      for (int c = 0; c < 3; ++c) at[c] = colour[c];
      at[3] = 255;
    }
  }
  return image;
}

/// A set: `train` classes for training in groups of 4, each with an openmoji and a line drawing and
/// every second a twitter drawing of split "style"; then `unseen` classes with an openmoji and a
/// twitter drawing each. Class i is called "thing<i>" and has tags tag<i>a, tag<i>b. Its file is
/// "tiny.safetensors".
inline pictures::LabelledPictures tiny_pictures(const TemporaryFolder& folder, int64_t train,
                                                int64_t unseen) {
  pictures::PictureTable table;
  std::vector<uint8_t> pixels;
  const auto add = [&](const char* style, const char* split, int64_t margin) {
    const int64_t index = std::ssize(table.classes) - 1;
    table.pictures.push_back({.class_index = index,
                              .style = style,
                              .split = split,
                              .line_art = style == std::string("openmoji-black")});
    const auto shade = static_cast<uint8_t>(index * 16);
    const auto drawing = square_drawing({shade, static_cast<uint8_t>(255 - shade), 64}, margin);
    pixels.insert(pixels.end(), drawing.pixels.begin(), drawing.pixels.end());
  };
  for (int64_t i = 0; i < train + unseen; ++i) {
    const char* split = i < train ? "train" : "unseen";
    const std::string number = std::to_string(i);
    table.classes.push_back({.key = number,
                             .name = "thing" + number,
                             .tags = {"tag" + number + "a", "tag" + number + "b"},
                             .group = "kind" + std::to_string(i / 4)});
    add("openmoji", split, 10);
    if (i < train) add("openmoji-black", split, 20);
    if (i >= train) add("twitter", split, 15);
    if (i < train && i % 2 == 0) add("twitter", "style", 15);
  }
  const std::string path = folder.file("tiny.safetensors");
  pictures::write_packed(path, std::move(table), kTinySide, pixels);
  return pictures::open_packed(path);
}

}  // namespace flamingo::testing
