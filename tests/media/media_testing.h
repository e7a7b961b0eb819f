#pragma once

#include <gtest/gtest.h>

#include <cstddef>
#include <cstdint>
#include <filesystem>
#include <string>
#include <vector>

#include "flamingo/core/error.h"
#include "flamingo/core/file.h"
#include "flamingo/core/rng.h"
#include "flamingo/media/image.h"

namespace flamingo::media {

inline std::string codec_file(const std::string& name) {
  return std::string(FLAMINGO_GOLDEN_DIR) + "/codecs/files/" + name;
}

inline std::string golden_picture(const std::string& name) {
  return std::string(FLAMINGO_GOLDEN_DIR) + "/preprocessing/images/" + name;
}

/// All small fixture pictures whose names end in `extension`.
inline std::vector<std::string> fixture_pictures(const std::string& extension) {
  std::vector<std::string> found;
  for (const char* folder : {"/codecs/files", "/preprocessing/images"}) {
    for (const auto& entry :
         std::filesystem::directory_iterator(std::string(FLAMINGO_GOLDEN_DIR) + folder)) {
      if (entry.path().extension() == extension) found.push_back(entry.path().string());
    }
  }
  return found;
}

inline std::string bytes_of(const std::string& path) { return read_file(path, 64 << 20); }

inline Image decode(const std::string& bytes, const DecodeOptions& options = {}) {
  return decode_image(std::as_bytes(std::span(bytes)), "test", options);
}

/// Whether hostile bytes decode. An Error is a fine answer, and so is a consistent picture.
inline bool decodes(const std::string& bytes) {
  try {
    const Image image = decode(bytes);
    EXPECT_EQ(static_cast<int64_t>(image.pixels.size()),
              image.height * image.width * image.channels());
    EXPECT_EQ(convert_to_rgb(image).mode, PixelMode::kRgb);
    return true;
  } catch (const Error&) {
    return false;
  }
}

/// Every prefix of a small file (some of a large one); returns how many decoded.
inline int decode_prefixes(const std::string& bytes) {
  const size_t step = bytes.size() / 4096 + 1;
  int good = 0;
  for (size_t n = 0; n < bytes.size(); n += step) good += decodes(bytes.substr(0, n)) ? 1 : 0;
  return good;
}

/// `count` copies with one byte changed each.
inline void decode_flips(const std::string& bytes, int count) {
  Rng rng(bytes.size());
  for (int i = 0; i < count; ++i) {
    std::string copy = bytes;
    copy[rng.below(copy.size())] ^= static_cast<char>(1 + rng.below(255));
    decodes(copy);
  }
}

inline Image random_image(int64_t height, int64_t width, PixelMode mode, uint64_t seed) {
  Image image{height, width, mode, {}, {}, {}};
  image.pixels.resize(height * width * image.channels());
  Rng rng(seed);
  for (uint8_t& value : image.pixels) value = static_cast<uint8_t>(rng.below(256));
  if (mode == PixelMode::kPalette) {
    image.palette.resize(4 * 256);
    for (uint8_t& value : image.palette) value = static_cast<uint8_t>(rng.below(256));
  }
  return image;
}

/// Largest difference of two byte arrays of one size.
inline int max_difference(const std::vector<uint8_t>& a, const std::vector<uint8_t>& b) {
  EXPECT_EQ(a.size(), b.size());
  int largest = 0;
  for (size_t i = 0; i < std::min(a.size(), b.size()); ++i) {
    largest = std::max(largest, std::abs(static_cast<int>(a[i]) - b[i]));
  }
  return largest;
}

}  // namespace flamingo::media
