#include "flamingo/core/error.h"
#include "flamingo/media/image.h"
#include "flamingo/media/probe.h"
#include "tests/fuzz/fuzz.h"

/// A picture of any format: its header alone, then its pixels.
void flamingo::testing::fuzz(std::span<const std::byte> input) {
  const media::DecodeOptions small{.limits = {.max_side = 4096, .max_pixels = 1 << 18}};
  std::optional<media::ImageInfo> info;
  try {
    info = media::probe_image(input, "fuzz");
  } catch (const Error&) {
  }
  const media::Image image = media::decode_image(input, "fuzz", small);
  read_all(media::encode_png(image));
  if (!info) __builtin_trap();  // what has pixels has a header
}
