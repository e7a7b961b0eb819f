#pragma once

#include <cmath>
#include <cstdio>  // jpeglib.h needs it
#include <cstdlib>
#include <memory>
#include <string>

#include <jpeglib.h>

#include "flamingo/core/rng.h"
#include "flamingo/media/image.h"

namespace flamingo::testing {

/// A smooth coloured scene: sums of a few random waves in each channel.
inline media::Image scene(int64_t height, int64_t width, uint64_t seed) {
  media::Image image{height, width, media::PixelMode::kRgb, {}, {}, {}};
  image.pixels.resize(static_cast<size_t>(height * width * 3));
  Rng rng(seed);
  struct Wave {
    double x, y, phase, strength;
  };
  std::vector<Wave> waves[3];
  for (auto& channel : waves) {
    for (int i = 0; i < 12; ++i) {
      channel.push_back(
          {rng.uniform(-25, 25), rng.uniform(-25, 25), rng.uniform(0, 6.28), rng.uniform(5, 25)});
    }
  }
  for (int64_t y = 0; y < height; ++y) {
    for (int64_t x = 0; x < width; ++x) {
      for (size_t c = 0; c < 3; ++c) {
        double value = 128;
        for (const Wave& wave : waves[c]) {
          value += wave.strength * std::sin(wave.x * static_cast<double>(x) / width +
                                            wave.y * static_cast<double>(y) / height + wave.phase);
        }
        image.pixels[static_cast<size_t>(3 * (y * width + x)) + c] =
            static_cast<uint8_t>(std::min(255.0, std::max(0.0, value)));
      }
    }
  }
  return image;
}

/// JPEG bytes of an RGB image.
inline std::string encode_jpeg(const media::Image& rgb, int quality) {
  jpeg_compress_struct jpeg;
  jpeg_error_mgr errors;
  jpeg.err = jpeg_std_error(&errors);
  jpeg_create_compress(&jpeg);
  unsigned char* bytes = nullptr;
  unsigned long size = 0;
  jpeg_mem_dest(&jpeg, &bytes, &size);
  jpeg.image_width = static_cast<JDIMENSION>(rgb.width);
  jpeg.image_height = static_cast<JDIMENSION>(rgb.height);
  jpeg.input_components = 3;
  jpeg.in_color_space = JCS_RGB;
  jpeg_set_defaults(&jpeg);
  jpeg_set_quality(&jpeg, quality, TRUE);
  jpeg_start_compress(&jpeg, TRUE);
  while (jpeg.next_scanline < jpeg.image_height) {
    auto* row = const_cast<JSAMPLE*>(rgb.pixels.data() + 3 * rgb.width * jpeg.next_scanline);
    jpeg_write_scanlines(&jpeg, &row, 1);
  }
  jpeg_finish_compress(&jpeg);
  const std::unique_ptr<unsigned char, void (*)(void*)> owner(bytes, &std::free);
  jpeg_destroy_compress(&jpeg);
  return {reinterpret_cast<const char*>(bytes), size};
}

/// One RGB colour everywhere.
inline media::Image flat(int64_t height, int64_t width, uint8_t value) {
  media::Image image{height, width, media::PixelMode::kRgb, {}, {}, {}};
  image.pixels.assign(static_cast<size_t>(height * width * 3), value);
  return image;
}

}  // namespace flamingo::testing
