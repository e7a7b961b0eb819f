#include <gif_lib.h>

#include <algorithm>
#include <cstring>
#include <memory>

#include "flamingo/core/error.h"
#include "flamingo/media/codec.h"

namespace flamingo::media {
namespace {

constexpr int kNoIndex = -1;

struct Source {
  std::span<const std::byte> bytes;
  size_t position = 0;
};

int on_read(GifFileType* gif, GifByteType* target, int count) {
  auto* source = static_cast<Source*>(gif->UserData);
  const size_t n = std::min<size_t>(count, source->bytes.size() - source->position);
  std::memcpy(target, source->bytes.data() + source->position, n);
  source->position += n;
  return static_cast<int>(n);
}

struct CloseGif {
  void operator()(GifFileType* gif) const { DGifCloseFile(gif, nullptr); }
};

void expect_ok(int status, const std::string& where) {
  require(status == GIF_OK, where, "expected a whole GIF, got damaged or truncated data");
}

/// Skips one extension; returns its see-through index if it is a graphics control block that has
/// one, else `previous`.
int read_extension(GifFileType* gif, const std::string& where, int previous) {
  int code = 0;
  GifByteType* block = nullptr;  // [length, bytes...]
  expect_ok(DGifGetExtension(gif, &code, &block), where);
  int index = previous;
  if (code == GRAPHICS_EXT_FUNC_CODE && block != nullptr && block[0] >= 4 && (block[1] & 1) != 0) {
    index = block[4];
  }
  while (block != nullptr) expect_ok(DGifGetExtensionNext(gif, &block), where);
  return index;
}

/// Goes to the first image; returns its see-through index or kNoIndex.
int find_first_image(GifFileType* gif, const std::string& where) {
  int transparent = kNoIndex;
  while (true) {
    GifRecordType type = UNDEFINED_RECORD_TYPE;
    expect_ok(DGifGetRecordType(gif, &type), where);
    if (type == IMAGE_DESC_RECORD_TYPE) return transparent;
    require(type == EXTENSION_RECORD_TYPE, where, "expected a GIF with an image, got none");
    transparent = read_extension(gif, where, transparent);
  }
}

/// Whether entry i is the grey i everywhere: then the indices are the picture (Pillow's rule).
bool is_grey_ramp(const ColorMapObject* colors) {
  if (colors == nullptr) return true;
  for (int i = 0; i < colors->ColorCount; ++i) {
    const GifColorType& c = colors->Colors[i];
    if (c.Red != i || c.Green != i || c.Blue != i) return false;
  }
  return true;
}

void set_colors(const ColorMapObject* colors, int transparent, Image& image) {
  if (is_grey_ramp(colors)) {
    image.mode = PixelMode::kGrey;
    return;
  }
  image.mode = PixelMode::kPalette;
  image.palette.resize(4 * 256);
  for (int i = 0; i < 256; ++i) {
    const bool known = i < colors->ColorCount;
    image.palette[4 * i] = known ? colors->Colors[i].Red : 0;
    image.palette[4 * i + 1] = known ? colors->Colors[i].Green : 0;
    image.palette[4 * i + 2] = known ? colors->Colors[i].Blue : 0;
    image.palette[4 * i + 3] = i == transparent ? 0 : 255;
  }
}

/// Reads the frame's rows, in the file's order, to their places on the canvas.
void read_pixels(GifFileType* gif, const std::string& where, Image& image) {
  struct Pass {
    int first, step;
  };
  constexpr Pass kInterlaced[] = {{0, 8}, {4, 8}, {2, 4}, {1, 2}};
  constexpr Pass kPlain[] = {{0, 1}};
  const GifImageDesc frame = gif->Image;
  const auto passes =
      frame.Interlace ? std::span<const Pass>(kInterlaced) : std::span<const Pass>(kPlain);
  for (const Pass pass : passes) {
    for (int y = pass.first; y < frame.Height; y += pass.step) {
      uint8_t* row = image.pixels.data() + (frame.Top + y) * image.width + frame.Left;
      expect_ok(DGifGetLine(gif, row, frame.Width), where);
    }
  }
}

}  // namespace

DecodedFile decode_gif(std::span<const std::byte> bytes, const std::string& where,
                       const ImageLimits& limits) {
  Source source{bytes};
  int error = 0;
  const std::unique_ptr<GifFileType, CloseGif> gif(DGifOpen(&source, on_read, &error));
  require(gif != nullptr, where, "expected a GIF header, got a damaged or truncated file");
  check_extents(gif->SHeight, gif->SWidth, where, limits);
  const int transparent = find_first_image(gif.get(), where);
  expect_ok(DGifGetImageDesc(gif.get()), where);

  const GifImageDesc& frame = gif->Image;
  DecodedFile file;
  Image& image = file.image;
  image.height = std::max(gif->SHeight, frame.Top + frame.Height);
  image.width = std::max(gif->SWidth, frame.Left + frame.Width);
  check_extents(image.height, image.width, where, limits);
  require(frame.Height >= 1 && frame.Width >= 1, where, "expected a GIF frame, got an empty one");
  set_colors(frame.ColorMap != nullptr ? frame.ColorMap : gif->SColorMap, transparent, image);
  const auto background = static_cast<uint8_t>(transparent == kNoIndex ? 0 : transparent);
  image.pixels.assign(image.height * image.width, background);
  read_pixels(gif.get(), where, image);
  if (image.mode == PixelMode::kGrey && transparent != kNoIndex) {
    for (const uint8_t index : image.pixels) image.mask.push_back(index == background ? 0 : 255);
  }
  return file;
}

}  // namespace flamingo::media
