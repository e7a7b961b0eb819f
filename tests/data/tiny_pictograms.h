#pragma once

#include <array>
#include <string>
#include <vector>

#include "flamingo/data/pictogram_set.h"
#include "tests/core/temporary_folder.h"

namespace flamingo::testing {

/// A drawing of one colour: a filled square with a clear margin of `margin` pixels.
inline std::vector<uint8_t> square_drawing(const std::array<uint8_t, 3>& colour, int64_t margin) {
  std::vector<uint8_t> pixels(data::kPictogramBytes, 0);
  for (int64_t row = margin; row < data::kPictogramSide - margin; ++row) {
    for (int64_t column = margin; column < data::kPictogramSide - margin; ++column) {
      uint8_t* at = pixels.data() + (row * data::kPictogramSide + column) * 4;
      for (int c = 0; c < 3; ++c) at[c] = colour[c];
      at[3] = 255;
    }
  }
  return pixels;
}

/// A set in memory order: `train` training concepts in groups of 4 per subgroup, each with a colour
/// and an outline drawing and every second a held-out Twitter drawing; then `unseen` concepts with
/// a colour and a Twitter drawing each. Concept i is called "thing<i>" and has tags tag<i>a,
/// tag<i>b.
inline data::PictogramSet tiny_pictograms(const TemporaryFolder& folder, int64_t train,
                                          int64_t unseen) {
  std::vector<data::PictogramConcept> concepts;
  std::vector<data::PictogramDrawing> drawings;
  std::vector<uint8_t> pixels;
  const auto add = [&](data::PictogramStyle style, data::PictogramSplit split, int64_t margin) {
    const int64_t index = std::ssize(concepts) - 1;
    drawings.push_back({.concept_index = index, .style = style, .split = split});
    const auto shade = static_cast<uint8_t>(index * 16);
    const auto drawing = square_drawing({shade, static_cast<uint8_t>(255 - shade), 64}, margin);
    pixels.insert(pixels.end(), drawing.begin(), drawing.end());
  };
  for (int64_t i = 0; i < train + unseen; ++i) {
    const auto split = i < train ? data::PictogramSplit::kTrain : data::PictogramSplit::kUnseen;
    const std::string number = std::to_string(i);
    concepts.push_back({.key = number,
                        .name = "thing" + number,
                        .tags = {"tag" + number + "a", "tag" + number + "b"},
                        .group = i < train ? "objects" : "food-drink",
                        .subgroup = "kind" + std::to_string(i / 4),
                        .split = split});
    add(data::PictogramStyle::kColour, split, 10);
    if (i < train) add(data::PictogramStyle::kOutline, split, 20);
    if (i >= train) add(data::PictogramStyle::kTwitter, split, 15);
    if (i < train && i % 2 == 0)
      add(data::PictogramStyle::kTwitter, data::PictogramSplit::kStyle, 15);
  }
  data::write_pictograms(folder.file("tiny.safetensors"), concepts, drawings, pixels);
  return data::PictogramSet::open(folder.file("tiny.safetensors"));
}

}  // namespace flamingo::testing
