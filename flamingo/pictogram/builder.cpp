#include "flamingo/pictogram/builder.h"

#include <algorithm>
#include <filesystem>
#include <mutex>
#include <optional>

#include "flamingo/core/checked.h"
#include "flamingo/core/file.h"
#include "flamingo/core/parallel_for.h"
#include "flamingo/media/convert.h"
#include "flamingo/media/image.h"
#include "flamingo/media/resize.h"
#include "flamingo/media/svg.h"
#include "flamingo/pictures/open_pictures.h"
#include "flamingo/pictures/packed_pictures.h"
#include "flamingo/pictures/picture_shard_writer.h"
#include "flamingo/pictures/square_picture.h"

namespace flamingo::pictogram {
namespace {

namespace fs = std::filesystem;

constexpr uint64_t kMaxFile = 4ull << 20;
/// Sides of a drawing that a page of OpenClipart is drawn with before it is cropped.
constexpr int64_t kPageSides = 3;
constexpr const char* kShardPrefix = "drawings-";
/// Drawings of a shard, which are in memory together.
constexpr size_t kShardDrawings = 1000;

/// Side of drawings that come without a margin; OpenMoji's have one of their own.
constexpr int64_t inner_side(int64_t side) { return side * 4 / 5; }

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

media::Image render_fill(std::span<const std::byte> svg, int64_t side, const std::string& path) {
  media::Image fill = media::render_svg(svg, side, kFillOnly);
  const auto whole = static_cast<double>(coverage(media::render_svg(svg, side)));
  require(static_cast<double>(coverage(fill)) >= kLeastFill * whole, path,
          "expected a drawing of fills, got one of lines");
  return fill;
}

/// The pixels that a drawing covers, as large as they fit into a square: pages of OpenClipart are
/// often far larger than what is on them. Throws Error naming `path` where nothing is.
media::Image fill_square(const media::Image& rgba, int64_t side, const std::string& path) {
  int64_t left = rgba.width, top = rgba.height, right = 0, bottom = 0;
  for (int64_t y = 0; y < rgba.height; ++y) {
    for (int64_t x = 0; x < rgba.width; ++x) {
      if (rgba.pixels[static_cast<size_t>((y * rgba.width + x) * 4 + 3)] < 8) continue;
      left = std::min(left, x), right = std::max(right, x + 1);
      top = std::min(top, y), bottom = std::max(bottom, y + 1);
    }
  }
  require(right - left >= side / 8 || bottom - top >= side / 8, path,
          "expected a drawing that can be seen, got a page of {} x {} pixels with {} x {} on it",
          rgba.width, rgba.height, std::max<int64_t>(0, right - left),
          std::max<int64_t>(0, bottom - top));
  const media::PixelBox box{
      .top = top, .left = left, .height = bottom - top, .width = right - left};
  const media::Image part = media::resize_part(rgba, rgba.height, rgba.width, box);
  const int64_t longer = std::max(box.height, box.width);
  return media::resize(part, std::max<int64_t>(1, box.height * side / longer),
                       std::max<int64_t>(1, box.width * side / longer));
}

/// The drawing with straight alpha, at most `side` pixels wide and high.
media::Image read_drawing(const std::string& path, const std::string& style, int64_t side) {
  const std::string text = read_file(path, kMaxFile);
  const auto bytes = std::as_bytes(std::span(text));
  if (style == kOpenMojiFill) return render_fill(bytes, side, path);
  if (style == kClipart)
    return fill_square(media::render_svg(bytes, kPageSides * side), inner_side(side), path);
  if (path.ends_with(".svg")) {
    const bool margin = style.starts_with(kOpenMoji);
    return media::render_svg(bytes, margin ? side : inner_side(side));
  }
  const media::Image image = media::convert_to_rgba(media::decode_image(bytes, path));
  const int64_t longer = std::max(image.width, image.height), inner = inner_side(side);
  return longer == inner ? image
                         : media::resize(image, std::max<int64_t>(1, image.height * inner / longer),
                                         std::max<int64_t>(1, image.width * inner / longer));
}

/// Renders drawings on several threads.
class Renderer {
 public:
  Renderer(const Catalog& catalog, const Sources& sources, const BuildProgress& progress)
      : catalog_(catalog), sources_(sources), progress_(progress) {}

  /// Drawings first, first + 1, ... first + count - 1, each a clear square with its drawing in the
  /// middle; nothing for those that cannot be read.
  std::vector<std::optional<media::Image>> render(size_t first, size_t count) {
    std::vector<std::optional<media::Image>> drawings(count);
    parallel_for(count, sources_.threads, [&](size_t i) {
      const auto& style = catalog_.table.pictures[first + i].style;
      try {
        drawings[i] = pictures::centred(
            read_drawing(catalog_.files[first + i], style, sources_.side), sources_.side);
      } catch (const Error&) {  // counted by who asked
      }
      report();
    });
    return drawings;
  }

 private:
  void report() {
    const std::lock_guard lock(mutex_);
    ++done_;
    if (progress_) progress_(done_, std::ssize(catalog_.files));
  }

  const Catalog& catalog_;
  const Sources& sources_;
  const BuildProgress& progress_;
  std::mutex mutex_;
  int64_t done_ = 0;
};

/// Without the drawings that are missing, and without classes that have none left. Returns how many
/// it wrote, as write_shards does.
int64_t write_one_file(Renderer& renderer, const Catalog& catalog, int64_t side,
                       const std::string& path) {
  const std::vector<pictures::PictureClass>& classes = catalog.table.classes;
  auto drawings = renderer.render(0, catalog.files.size());
  pictures::PictureTable table;
  std::vector<uint8_t> pixels;
  int64_t last = -1;
  for (size_t i = 0; i < drawings.size(); ++i) {
    if (!drawings[i]) continue;
    pictures::LabelledPicture drawing = catalog.table.pictures[i];
    if (drawing.class_index != last) {
      last = drawing.class_index;
      table.classes.push_back(classes[static_cast<size_t>(last)]);
    }
    drawing.class_index = std::ssize(table.classes) - 1;
    table.pictures.push_back(std::move(drawing));
    pixels.insert(pixels.end(), drawings[i]->pixels.begin(), drawings[i]->pixels.end());
    drawings[i].reset();
  }
  require(!table.pictures.empty(), path, "expected drawings, could read none");
  const int64_t count = std::ssize(table.pictures);
  pictures::write_packed(path, std::move(table), side, pixels);
  return count;
}

std::string shard_path(const std::string& folder, size_t index) {
  const std::string number = std::to_string(index);
  return folder + "/" + kShardPrefix + std::string(6 - std::min<size_t>(6, number.size()), '0') +
         number + ".tar";
}

/// Shards of an earlier, larger set would be read with this one's.
void remove_shards_from(const std::string& folder, size_t index) {
  while (fs::remove(shard_path(folder, index))) ++index;
}

int64_t write_shards(Renderer& renderer, const Catalog& catalog, const std::string& folder) {
  make_folder(folder);
  int64_t count = 0;
  size_t index = 0;
  for (size_t first = 0; first < catalog.files.size(); first += kShardDrawings, ++index) {
    auto drawings = renderer.render(first, std::min(kShardDrawings, catalog.files.size() - first));
    pictures::PictureShardWriter shard(shard_path(folder, index));
    for (size_t i = 0; i < drawings.size(); ++i) {
      const pictures::LabelledPicture& picture = catalog.table.pictures[first + i];
      const auto& shown = catalog.table.classes[static_cast<size_t>(picture.class_index)];
      if (drawings[i])
        shard.add(shown, picture, pictures::without_full_alpha(std::move(*drawings[i])));
    }
    require(shard.size() > 0, folder, "expected drawings, could read none");
    count += shard.size();
    shard.finish();
  }
  remove_shards_from(folder, index);
  return count;
}

}  // namespace

Counts build_pictograms(const Sources& sources, const std::string& path,
                        const BuildProgress& progress) {
  require_within("pictograms", "side", sources.side, 16, pictures::kMaxPackedSide);
  const Catalog catalog = list_pictograms(sources);
  Renderer renderer(catalog, sources, progress);
  const int64_t written = path.ends_with(".safetensors")
                              ? write_one_file(renderer, catalog, sources.side, path)
                              : write_shards(renderer, catalog, path);
  Counts counts = count_pictograms(pictures::open_pictures(path));
  counts.skipped = std::ssize(catalog.files) - written;
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
