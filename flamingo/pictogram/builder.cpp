#include "flamingo/pictogram/builder.h"

#include <algorithm>
#include <mutex>

#include "flamingo/core/file.h"
#include "flamingo/core/parallel_for.h"
#include "flamingo/media/convert.h"
#include "flamingo/media/image.h"
#include "flamingo/media/svg.h"
#include "flamingo/pictures/packed_pictures.h"
#include "flamingo/pictures/square_picture.h"

namespace flamingo::pictogram {
namespace {

constexpr uint64_t kMaxFile = 4ull << 20;
/// Bytes of a drawing.
constexpr int64_t kBytes = kSide * kSide * 4;
/// Side of drawings that come without a margin; OpenMoji's have one of their own.
constexpr int64_t kInnerSide = 64;

/// Leaves out the lines of OpenMoji's colour drawings.
constexpr const char* kFillOnly = "#line, #line-supplement { display: none !important }";
/// A drawing whose fills cover less than this part of it is not itself without lines.
constexpr double kLeastFill = 0.5;

/// The sum of alpha.
int64_t coverage(const media::Image& rgba) {
  int64_t sum = 0;
  for (size_t i = 3; i < rgba.pixels.size(); i += 4) sum += rgba.pixels[i];
  return sum;
}

media::Image render_fill(std::span<const std::byte> svg, const std::string& path) {
  media::Image fill = media::render_svg(svg, kSide, kFillOnly);
  const auto whole = static_cast<double>(coverage(media::render_svg(svg, kSide)));
  require(static_cast<double>(coverage(fill)) >= kLeastFill * whole, path,
          "expected a drawing of fills, got one of lines");
  return fill;
}

/// The drawing with straight alpha, at most 80 pixels wide and high.
media::Image read_drawing(const std::string& path, const std::string& style) {
  const std::string text = read_file(path, kMaxFile);
  const auto bytes = std::as_bytes(std::span(text));
  if (style == kOpenMojiFill) return render_fill(bytes, path);
  if (path.ends_with(".svg")) {
    return media::render_svg(bytes, style == kFlagIcons ? kInnerSide : kSide);
  }
  media::Image image = media::convert_to_rgba(media::decode_image(bytes, path));
  require(image.width <= kSide && image.height <= kSide, path, "expected at most 80 x 80 pixels");
  return image;
}

/// Renders all files on several threads; what cannot be read is remembered by index.
class Renderer {
 public:
  Renderer(const Catalog& catalog, const BuildProgress& progress)
      : catalog_(catalog),
        progress_(progress),
        pixels_(catalog.files.size() * kBytes),
        failed_(catalog.files.size(), 0) {}

  void run(int64_t threads) {
    parallel_for(catalog_.files.size(), threads, [this](size_t i) {
      render(i);
      report();
    });
  }

  std::vector<uint8_t>& pixels() { return pixels_; }
  bool failed(size_t drawing) const { return failed_[drawing] != 0; }

 private:
  void render(size_t i) {
    const auto out = std::span(pixels_).subspan(i * kBytes, kBytes);
    try {
      const media::Image drawing =
          read_drawing(catalog_.files[i], catalog_.table.pictures[i].style);
      std::ranges::copy(pictures::centred(drawing, kSide).pixels, out.begin());
    } catch (const Error&) {
      failed_[i] = 1;
    }
  }

  void report() {
    const std::lock_guard lock(mutex_);
    ++done_;
    if (progress_) progress_(done_, std::ssize(catalog_.files));
  }

  const Catalog& catalog_;
  const BuildProgress& progress_;
  std::vector<uint8_t> pixels_;
  std::vector<uint8_t> failed_;  ///< not vector<bool>: threads write side by side
  std::mutex mutex_;
  int64_t done_ = 0;
};

/// Removes unreadable drawings, and classes that have none left. Returns how many drawings.
int64_t drop_failed(Renderer& renderer, Catalog& catalog) {
  Catalog kept;
  int64_t last = -1;
  auto& pixels = renderer.pixels();
  for (size_t i = 0; i < catalog.table.pictures.size(); ++i) {
    if (renderer.failed(i)) continue;
    pictures::LabelledPicture drawing = catalog.table.pictures[i];
    if (drawing.class_index != last) {
      last = drawing.class_index;
      kept.table.classes.push_back(std::move(catalog.table.classes[static_cast<size_t>(last)]));
    }
    drawing.class_index = std::ssize(kept.table.classes) - 1;
    std::copy_n(pixels.begin() + static_cast<int64_t>(i) * kBytes, kBytes,
                pixels.begin() + std::ssize(kept.table.pictures) * kBytes);
    kept.table.pictures.push_back(drawing);
  }
  const int64_t dropped = std::ssize(catalog.table.pictures) - std::ssize(kept.table.pictures);
  pixels.resize(kept.table.pictures.size() * kBytes);
  catalog = std::move(kept);
  return dropped;
}

}  // namespace

Counts build_pictograms(const Sources& sources, const std::string& path,
                        const BuildProgress& progress) {
  Catalog catalog = list_pictograms(sources);
  Renderer renderer(catalog, progress);
  renderer.run(sources.threads);
  const int64_t skipped = drop_failed(renderer, catalog);
  require(!catalog.table.pictures.empty(), sources.openmoji, "expected drawings, could read none");
  pictures::write_packed(path, std::move(catalog.table), kSide, renderer.pixels());
  Counts counts = count_pictograms(pictures::open_packed(path));
  counts.skipped = skipped;
  return counts;
}

Counts count_pictograms(const pictures::LabelledPictures& set) {
  return {.classes = std::ssize(set.classes()),
          .drawings = std::ssize(set.pictures()),
          .train_classes = std::ssize(set.classes_in(pictures::kTrainSplit)),
          .train_drawings = std::ssize(set.pictures_in(pictures::kTrainSplit)),
          .style = std::ssize(set.pictures_in(kStyleSplit)),
          .unseen = std::ssize(set.classes_in(kUnseenSplit)),
          .flags = std::ssize(set.classes_in(kFlagsSplit))};
}

}  // namespace flamingo::pictogram
