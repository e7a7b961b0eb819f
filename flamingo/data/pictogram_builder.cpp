#include "flamingo/data/pictogram_builder.h"

#ifdef FLAMINGO_MEDIA

#include <algorithm>
#include <mutex>

#include "flamingo/core/file.h"
#include "flamingo/core/parallel_for.h"
#include "flamingo/media/convert.h"
#include "flamingo/media/image.h"
#include "flamingo/media/svg.h"

namespace flamingo::data {
namespace {

constexpr uint64_t kMaxFile = 4ull << 20;
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
  media::Image fill = media::render_svg(svg, kPictogramSide, kFillOnly);
  const auto whole = static_cast<double>(coverage(media::render_svg(svg, kPictogramSide)));
  require(static_cast<double>(coverage(fill)) >= kLeastFill * whole, path,
          "expected a drawing of fills, got one of lines");
  return fill;
}

/// The drawing with straight alpha, at most 80 pixels wide and high.
media::Image read_drawing(const std::string& path, PictogramStyle style) {
  const std::string text = read_file(path, kMaxFile);
  const auto bytes = std::as_bytes(std::span(text));
  if (style == PictogramStyle::kFill) return render_fill(bytes, path);
  if (path.ends_with(".svg")) {
    return media::render_svg(bytes, style == PictogramStyle::kFlag ? kInnerSide : kPictogramSide);
  }
  media::Image image = media::convert_to_rgba(media::decode_image(bytes, path));
  require(image.width <= kPictogramSide && image.height <= kPictogramSide, path,
          "expected at most 80 x 80 pixels");
  return image;
}

/// Copies `image` to the middle of a clear drawing.
void paste_centred(const media::Image& image, std::span<uint8_t> out) {
  std::ranges::fill(out, uint8_t{0});
  const int64_t left = (kPictogramSide - image.width) / 2;
  const int64_t top = (kPictogramSide - image.height) / 2;
  for (int64_t row = 0; row < image.height; ++row) {
    std::copy_n(image.pixels.begin() + row * image.width * 4, image.width * 4,
                out.begin() + ((top + row) * kPictogramSide + left) * 4);
  }
}

/// Renders all files on several threads; what cannot be read is remembered by index.
class Renderer {
 public:
  Renderer(const PictogramCatalog& catalog, const PictogramProgress& progress)
      : catalog_(catalog),
        progress_(progress),
        pixels_(catalog.files.size() * kPictogramBytes),
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
    const auto out = std::span(pixels_).subspan(i * kPictogramBytes, kPictogramBytes);
    try {
      paste_centred(read_drawing(catalog_.files[i], catalog_.drawings[i].style), out);
    } catch (const Error&) {
      failed_[i] = 1;
    }
  }

  void report() {
    const std::lock_guard lock(mutex_);
    ++done_;
    if (progress_) progress_(done_, std::ssize(catalog_.files));
  }

  const PictogramCatalog& catalog_;
  const PictogramProgress& progress_;
  std::vector<uint8_t> pixels_;
  std::vector<uint8_t> failed_;  ///< not vector<bool>: threads write side by side
  std::mutex mutex_;
  int64_t done_ = 0;
};

/// Removes unreadable drawings, and concepts that have none left. Returns how many drawings.
int64_t drop_failed(Renderer& renderer, PictogramCatalog& catalog) {
  PictogramCatalog kept;
  int64_t last = -1;
  auto& pixels = renderer.pixels();
  for (size_t i = 0; i < catalog.drawings.size(); ++i) {
    if (renderer.failed(i)) continue;
    PictogramDrawing drawing = catalog.drawings[i];
    if (drawing.concept_index != last) {
      last = drawing.concept_index;
      kept.concepts.push_back(std::move(catalog.concepts[static_cast<size_t>(last)]));
    }
    drawing.concept_index = std::ssize(kept.concepts) - 1;
    std::copy_n(pixels.begin() + static_cast<int64_t>(i) * kPictogramBytes, kPictogramBytes,
                pixels.begin() + std::ssize(kept.drawings) * kPictogramBytes);
    kept.drawings.push_back(drawing);
  }
  const int64_t dropped = std::ssize(catalog.drawings) - std::ssize(kept.drawings);
  pixels.resize(kept.drawings.size() * kPictogramBytes);
  catalog = std::move(kept);
  return dropped;
}

}  // namespace

PictogramCounts build_pictograms(const PictogramSources& sources, const std::string& path,
                                 const PictogramProgress& progress) {
  PictogramCatalog catalog = list_pictograms(sources);
  Renderer renderer(catalog, progress);
  renderer.run(sources.threads);
  const int64_t skipped = drop_failed(renderer, catalog);
  require(!catalog.drawings.empty(), sources.openmoji, "expected drawings, could read none");
  write_pictograms(path, catalog.concepts, catalog.drawings, renderer.pixels());
  PictogramCounts counts = count_pictograms(PictogramSet::open(path));
  counts.skipped = skipped;
  return counts;
}

PictogramCounts count_pictograms(const PictogramSet& set) {
  return {.concepts = std::ssize(set.concepts()),
          .drawings = std::ssize(set.drawings()),
          .train_concepts = std::ssize(set.concepts_in(PictogramSplit::kTrain)),
          .train_drawings = std::ssize(set.drawings_in(PictogramSplit::kTrain)),
          .style = std::ssize(set.drawings_in(PictogramSplit::kStyle)),
          .unseen = std::ssize(set.concepts_in(PictogramSplit::kUnseen)),
          .flags = std::ssize(set.concepts_in(PictogramSplit::kFlags))};
}

}  // namespace flamingo::data

#endif  // FLAMINGO_MEDIA
