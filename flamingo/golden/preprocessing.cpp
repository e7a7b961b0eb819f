#include <algorithm>
#include <charconv>
#include <cmath>
#include <cstring>
#include <fstream>
#include <limits>
#include <map>
#include <optional>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

#include "flamingo/core/error.h"
#include "flamingo/golden/kinds.h"
#include "flamingo/golden/rounding.h"
#include "flamingo/io/safetensors.h"

#ifdef FLAMINGO_MEDIA
#include "flamingo/media/image.h"
#include "flamingo/media/transform.h"
#endif

namespace flamingo::golden {

bool matches_preprocessing(const fs::path& folder) {
  return fs::is_directory(folder / "images") && fs::exists(folder / "expected.safetensors");
}

#ifndef FLAMINGO_MEDIA

void compare_preprocessing(const fs::path& folder, const Options&, Report& report) {
  report.not_supported(folder.string(), "built without pictures (FLAMINGO_MEDIA=OFF)");
}

#else

namespace {

const double kExact = rounding<float>(4, 4);  // a byte, scaled and shifted to at most 1 / std < 4
constexpr double kLossy = 2.0 / 255.0;        // another build of a JPEG or WebP decoder

/// "photo.jpg.openclip224" taken apart.
struct Key {
  std::string file;
  media::TransformConfig config;
};

std::optional<Key> parse_key(const std::string& name) {
  const size_t dot = name.rfind('.');
  if (dot == std::string::npos) return std::nullopt;
  Key key{name.substr(0, dot), {}};
  std::string_view kind = std::string_view(name).substr(dot + 1);
  const auto take = [&](std::string_view prefix, media::TransformMode mode) {
    if (!kind.starts_with(prefix)) return false;
    kind.remove_prefix(prefix.size());
    key.config.mode = mode;
    return true;
  };
  if (!take("openclip", media::TransformMode::kOpenClip) &&
      !take("idefics", media::TransformMode::kIdefics)) {
    return std::nullopt;
  }
  const auto end = kind.data() + kind.size();
  const auto [stop, error] = std::from_chars(kind.data(), end, key.config.size);
  if (error != std::errc() || stop != end || key.config.size < 1) return std::nullopt;
  return key;
}

std::vector<float> floats_of(const io::TensorView& view, int64_t size) {
  require(view.dtype == io::DType::kF32 && view.shape == std::vector<int64_t>{3, size, size},
          view.name, "expected float32 [3, {}, {}], got {} in {} bytes and {} axes", size, size,
          io::dtype_name(view.dtype), view.data.size(), view.shape.size());
  std::vector<float> values(3 * size * size);
  std::memcpy(values.data(), view.data.data(), view.data.size());
  return values;
}

/// Largest difference; `denormalise` undoes the division by std, so that 1 / 255 is one pixel step.
double difference(const media::PixelTensor& got, const std::vector<float>& expected,
                  const media::TransformConfig& config, bool denormalise) {
  double largest = 0;
  const size_t area = expected.size() / 3;
  for (size_t i = 0; i < expected.size(); ++i) {
    const double scale = denormalise ? config.std[i / area] : 1.0;
    const double d = std::abs(static_cast<double>(got.values[i]) - expected[i]) * scale;
    if (std::isnan(d)) return std::numeric_limits<double>::quiet_NaN();
    largest = std::max(largest, d);
  }
  return largest;
}

/// The files of a folder, decoded once each, as the peers see them: EXIF orientation ignored.
class Pictures {
 public:
  explicit Pictures(fs::path folder) : folder_(std::move(folder)) {}

  const media::Image& get(const std::string& file) {
    const auto it = images_.find(file);
    if (it != images_.end()) return it->second;
    media::DecodeOptions options;
    options.apply_orientation = false;
    return images_.emplace(file, media::load_image((folder_ / file).string(), options))
        .first->second;
  }

 private:
  fs::path folder_;
  std::map<std::string, media::Image> images_;
};

bool is_lossy(const std::string& file) {
  return !file.ends_with(".png") && !file.ends_with(".gif");
}

/// Whether the file is a 16-bit grey PNG, whose conversion differs between Pillow's versions.
bool is_grey16(const fs::path& path) {
  std::ifstream stream(path, std::ios::binary);
  char head[26] = {};
  stream.read(head, sizeof(head));
  return stream && std::memcmp(head + 1, "PNG", 3) == 0 && head[24] == 16 && head[25] == 0;
}

/// One float comparison; a 16-bit grey picture that differs is optional.
void report_close(const fs::path& path, const std::string& name, double d, double tolerance,
                  Report& report) {
  if (!(d <= tolerance) && is_grey16(path)) {
    report.not_supported(name, "16-bit grey PNG depends on the Pillow version");
  } else {
    report.close(name, d, tolerance);
  }
}

void compare_pixels(const fs::path& folder, const io::TensorView& view, Pictures& pictures,
                    Report& report) {
  const Key key = *parse_key(view.name);
  const std::vector<float> expected = floats_of(view, key.config.size);
  const media::PixelTensor got = media::transform_image(pictures.get(key.file), key.config);
  const bool lossy = is_lossy(key.file);
  report_close(folder / "images" / key.file, view.name,
               difference(got, expected, key.config, lossy), lossy ? kLossy + kExact : kExact,
               report);
}

/// Our pixels of FILE against the peer's convert("RGB"), in steps of 1 / 255.
void compare_decoded(const fs::path& folder, const io::TensorView& view, Pictures& pictures,
                     Report& report) {
  const std::string file = view.name.substr(0, view.name.rfind('.'));
  const media::Image got = media::convert_to_rgb(pictures.get(file));
  require(
      view.dtype == io::DType::kU8 && view.shape == std::vector<int64_t>{got.height, got.width, 3},
      view.name, "expected uint8 [{}, {}, 3] of the picture, got {} in {} bytes and {} axes",
      got.height, got.width, io::dtype_name(view.dtype), view.data.size(), view.shape.size());
  double largest = 0;
  for (size_t i = 0; i < got.pixels.size(); ++i) {
    const int d = std::to_integer<int>(view.data[i]) - got.pixels[i];
    largest = std::max(largest, std::abs(d) / 255.0);
  }
  report_close(folder / "images" / file, view.name, largest,
               is_lossy(file) ? kLossy + kExact : kExact, report);
}

/// The transform alone, from the peer's pixels of a lossy RGB file: exact whatever the decoder.
void compare_transform(const io::TensorView& view, const io::Safetensors& decoded,
                       Pictures& pictures, Report& report) {
  const Key key = *parse_key(view.name);
  const io::TensorView* pixels = decoded.find(key.file + ".convert_rgb");
  if (pixels == nullptr || !is_lossy(key.file)) return;
  media::Image image = pictures.get(key.file);
  if (image.mode != media::PixelMode::kRgb || pixels->data.size() != image.pixels.size()) return;
  std::memcpy(image.pixels.data(), pixels->data.data(), image.pixels.size());
  const media::PixelTensor got = media::transform_image(image, key.config);
  report.close(view.name + " from decoded",
               difference(got, floats_of(view, key.config.size), key.config, false), kExact);
}

/// Runs one comparison; a file that fails does not stop the others.
template <class Compare>
void guarded(const std::string& name, Report& report, const Compare& compare) {
  try {
    compare();
  } catch (const Error& error) {
    report.exact(name, false, error.what());
  }
}

}  // namespace

void compare_preprocessing(const fs::path& folder, const Options&, Report& report) {
  const io::Safetensors expected =
      io::Safetensors::open((folder / "expected.safetensors").string());
  std::optional<io::Safetensors> decoded;
  const fs::path decoded_path = folder / "decoded.safetensors";
  if (fs::exists(decoded_path)) decoded = io::Safetensors::open(decoded_path.string());
  Pictures pictures(folder / "images");
  if (decoded) {
    for (const io::TensorView& view : decoded->tensors()) {
      guarded(view.name, report, [&] { compare_decoded(folder, view, pictures, report); });
    }
  }
  for (const io::TensorView& view : expected.tensors()) {
    if (!parse_key(view.name)) {
      report.not_supported(view.name, "unknown kind of value");
      continue;
    }
    guarded(view.name, report, [&] { compare_pixels(folder, view, pictures, report); });
    if (!decoded) continue;
    guarded(view.name, report, [&] { compare_transform(view, *decoded, pictures, report); });
  }
}

#endif

}  // namespace flamingo::golden
