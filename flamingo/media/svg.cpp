#include "flamingo/media/svg.h"

#include <librsvg/rsvg.h>

#include <memory>
#include <string>

#include "flamingo/core/error.h"

namespace flamingo::media {
namespace {

constexpr int64_t kMaxSvgSide = 4096;
constexpr size_t kMaxSvgBytes = size_t{4} << 20;
constexpr const char* kWhere = "render_svg";

struct ObjectUnref {
  void operator()(RsvgHandle* handle) const { g_object_unref(handle); }
  void operator()(cairo_surface_t* surface) const { cairo_surface_destroy(surface); }
  void operator()(cairo_t* context) const { cairo_destroy(context); }
};
template <class T>
using Owned = std::unique_ptr<T, ObjectUnref>;

[[noreturn]] void fail_with(GError* error) {
  const std::string reason = error != nullptr ? error->message : "an unknown reason";
  g_clear_error(&error);
  fail(kWhere, "expected an SVG document, got {}", reason);
}

/// Cairo's premultiplied native-endian ARGB words -> straight RGBA bytes.
void unpremultiply_row(const uint32_t* words, int64_t width, uint8_t* rgba) {
  for (int64_t x = 0; x < width; ++x) {
    const uint32_t alpha = words[x] >> 24;
    for (int c = 0; c < 3; ++c) {
      const uint32_t value = (words[x] >> (16 - 8 * c)) & 255;
      const uint32_t straight = alpha == 0 ? 0 : (value * 255 + alpha / 2) / alpha;
      rgba[4 * x + c] = static_cast<uint8_t>(straight > 255 ? 255 : straight);
    }
    rgba[4 * x + 3] = static_cast<uint8_t>(alpha);
  }
}

}  // namespace

Image render_svg(std::span<const std::byte> svg, int64_t size, std::string_view css) {
  require(size >= 1 && size <= kMaxSvgSide, kWhere, "expected a size in [1, 4096], got {}", size);
  require(svg.size() <= kMaxSvgBytes, kWhere, "expected at most 4 MiB, got {} bytes", svg.size());
  GError* error = nullptr;
  const Owned<RsvgHandle> handle(
      rsvg_handle_new_from_data(reinterpret_cast<const guint8*>(svg.data()), svg.size(), &error));
  if (!handle) fail_with(error);
  const auto* rules = reinterpret_cast<const guint8*>(css.data());
  if (!css.empty() && !rsvg_handle_set_stylesheet(handle.get(), rules, css.size(), &error)) {
    fail_with(error);
  }

  const int side = static_cast<int>(size);
  const Owned<cairo_surface_t> surface(cairo_image_surface_create(CAIRO_FORMAT_ARGB32, side, side));
  const Owned<cairo_t> context(cairo_create(surface.get()));
  const RsvgRectangle viewport{0, 0, static_cast<double>(side), static_cast<double>(side)};
  if (!rsvg_handle_render_document(handle.get(), context.get(), &viewport, &error)) {
    fail_with(error);
  }
  if (cairo_status(context.get()) != CAIRO_STATUS_SUCCESS)
    fail(kWhere, "expected to draw, got {}", cairo_status_to_string(cairo_status(context.get())));
  cairo_surface_flush(surface.get());

  Image image{size, size, PixelMode::kRgba, std::vector<uint8_t>(4 * size * size), {}, {}};
  const uint8_t* data = cairo_image_surface_get_data(surface.get());
  const int stride = cairo_image_surface_get_stride(surface.get());
  for (int64_t y = 0; y < size; ++y) {
    unpremultiply_row(reinterpret_cast<const uint32_t*>(data + y * stride), size,
                      image.pixels.data() + 4 * size * y);
  }
  return image;
}

}  // namespace flamingo::media
