#include "flamingo/pictures/augment.h"

#include <algorithm>
#include <cmath>
#include <numbers>
#include <string>

#include "flamingo/core/checked.h"
#include "flamingo/core/error.h"
#include "flamingo/pictures/backdrop.h"

namespace flamingo::pictures {
namespace {

/// Visits the fields of a config and throws on values that no field may have.
struct RangeCheck {
  void operator()(const char* name, double& value, const char* /*help*/) const {
    const std::string_view field = name;
    const double most = field == "rotation" ? 180 : field == "zoom" || field == "max_scale" ? 4 : 1;
    if (!std::isfinite(value) || value < 0 || value > most)
      fail("augment." + std::string(name), "expected 0 to {}, got {}", most, value);
  }
};

float uniform_float(Rng& rng, double low, double high) {
  return static_cast<float>(rng.uniform(low, high));
}

/// A low sine wave over one side: the displacement of each row or column in source pixels, at most
/// `size` of a frame.
std::vector<float> random_wave(int64_t side, double size, double frame, Rng& rng) {
  const double height = rng.uniform(-size, size) * frame;
  const double periods = rng.uniform(0.5, 2.0);
  const double phase = rng.uniform(0, 2 * std::numbers::pi);
  std::vector<float> wave(static_cast<size_t>(side));
  for (int64_t i = 0; i < side; ++i) {
    const double at = static_cast<double>(i) / static_cast<double>(side);
    wave[static_cast<size_t>(i)] =
        static_cast<float>(height * std::sin(2 * std::numbers::pi * periods * at + phase));
  }
  return wave;
}

void make_grey(std::span<float> planes, int64_t area) {
  float* red = planes.data();
  float* green = red + area;
  float* blue = green + area;
  for (int64_t i = 0; i < area; ++i) {
    const float grey = 0.299f * red[i] + 0.587f * green[i] + 0.114f * blue[i];
    red[i] = green[i] = blue[i] = grey;
  }
}

/// Uniform noise in [-size, size], from a 32-bit generator that is cheap per pixel.
void add_noise(std::span<float> planes, float size, uint32_t state) {
  for (float& value : planes) {
    state = state * 1664525u + 1013904223u;
    value += size * (static_cast<float>(static_cast<int32_t>(state)) * 0x1p-31f);
  }
}

/// A 3x3 matrix near 1: each channel keeps at least 1 - share of itself, rows add up to 1.
std::array<float, 9> random_mix(double share, Rng& rng) {
  std::array<float, 9> mix{};
  for (int row = 0; row < 3; ++row) {
    const float first = uniform_float(rng, 0, share / 2);
    const float second = uniform_float(rng, 0, share / 2);
    mix[row * 3 + row] = 1 - first - second;
    mix[row * 3 + (row + 1) % 3] = first;
    mix[row * 3 + (row + 2) % 3] = second;
  }
  return mix;
}

void expect_square(const media::Image& picture) {
  require(picture.mode == media::PixelMode::kRgba && picture.width == picture.height, "augment",
          "expected a square RGBA picture, got {} x {} pixels", picture.width, picture.height);
}

}  // namespace

void AugmentConfig::validate() {
  RangeCheck check;
  visit(check);
  require(min_scale > 0.05 && min_scale <= max_scale && zoom > 0.05 && aspect < 1, "augment",
          "expected 0.05 < min_scale <= max_scale, zoom > 0.05 and aspect < 1");
}

Augmenter::Augmenter(const AugmentConfig& config, const media::TransformConfig& transform)
    : config_(config), side_(transform.size) {
  config_.validate();
  require_within("augment", "size", side_, 8, 1024);
  require(transform.mean.size() == 3 && transform.std.size() == 3, "augment",
          "expected 3 means and deviations, got {} and {}", transform.mean.size(),
          transform.std.size());
  for (size_t c = 0; c < 3; ++c) {
    mean_[c] = transform.mean[c];
    scale_[c] = 1 / transform.std[c];
  }
  foreground_.resize(static_cast<size_t>(4 * side_ * side_));
  picture_.resize(static_cast<size_t>(3 * side_ * side_));
}

void Augmenter::clean(const media::Image& picture, std::span<float> out) {
  expect_square(picture);
  load_sprite(picture.pixels, picture.width, sprite_);
  sample_sprite(sprite_, clean_placement(picture.width), side_, foreground_);
  paint_plain({1, 1, 1}, side_, picture_);
  lay_over(foreground_, 1, side_, picture_);
  write(out);
}

void Augmenter::augment(const AugmentInput& input, Rng& rng, std::span<float> out) {
  expect_square(input.picture);
  // Lines must differ from what is behind them: dark on light or light on dark.
  const bool recolour = input.line_art && rng.coin(config_.recolour_outline);
  const bool light_lines = recolour && rng.coin(0.3);
  const double low = input.line_art && !light_lines ? 0.55 : 0;
  const double high = light_lines ? 0.4 : 1;
  paint_background(input, low, high, rng);

  load_sprite(input.picture.pixels, input.picture.width, sprite_);
  if (recolour) {
    recolour_sprite(sprite_, light_lines ? random_colour(rng, 0.6, 1) : random_colour(rng, 0, 0.4));
  }
  if (rng.coin(config_.thickness)) thicken_sprite(sprite_);
  const double zoom = input.opaque ? 1 : config_.zoom;
  sample_sprite(sprite_, random_placement(input.picture.width, zoom, input.mirrorable, rng), side_,
                foreground_);
  vary_foreground(rng);
  lay_over(foreground_, 1, side_, picture_);
  vary_picture(rng);
  write(out);
}

Placement Augmenter::clean_placement(int64_t source) const {
  const auto extent = static_cast<float>(static_cast<double>(source) / config_.zoom);
  const float centre = static_cast<float>(source) / 2;
  return {.affine = {extent, 0, centre, 0, extent, centre}};
}

Placement Augmenter::random_placement(int64_t source, double zoom, bool mirrorable,
                                      Rng& rng) const {
  const auto frame = static_cast<double>(source);
  const double angle = rng.uniform(-1, 1) * config_.rotation * std::numbers::pi / 180;
  const double scale =
      std::exp(rng.uniform(std::log(config_.min_scale), std::log(config_.max_scale)));
  const double stretch = std::exp(rng.uniform(-1, 1) * std::log1p(config_.aspect) / 2);
  const double shear = rng.uniform(-1, 1) * config_.shear;
  const double mirror = mirrorable && rng.coin(config_.mirror) ? -1 : 1;
  const double extent = frame / (zoom * scale);
  const double shift_u = rng.uniform(-1, 1) * config_.shift;
  const double shift_v = rng.uniform(-1, 1) * config_.shift;
  // Output (u, v) -> source: turn, shear, stretch, mirror.
  const double a = mirror * extent * stretch * (std::cos(angle) + shear * std::sin(angle));
  const double b = mirror * extent * stretch * (shear * std::cos(angle) - std::sin(angle));
  const double d = extent / stretch * std::sin(angle);
  const double e = extent / stretch * std::cos(angle);
  const double centre = frame / 2;
  const double c = centre - a * shift_u - b * shift_v;
  const double f = centre - d * shift_u - e * shift_v;
  Placement placement{.affine = {static_cast<float>(a), static_cast<float>(b),
                                 static_cast<float>(c), static_cast<float>(d),
                                 static_cast<float>(e), static_cast<float>(f)}};
  if (rng.coin(config_.warp)) {
    placement.bend_x = random_wave(side_, config_.warp_size, frame, rng);
    placement.bend_y = random_wave(side_, config_.warp_size, frame, rng);
  }
  return placement;
}

void Augmenter::paint_background(const AugmentInput& input, double low, double high, Rng& rng) {
  const Colour first = random_colour(rng, low, high);
  const Colour second = random_colour(rng, low, high);
  if (high == 1 && rng.coin(config_.white_background)) {
    paint_plain({1, 1, 1}, side_, picture_);
  } else if (rng.coin(config_.textured_background)) {
    paint_texture(first, second, side_, rng, picture_);
  } else {
    paint_plain(first, side_, picture_);
  }
  if (!input.distractor || !rng.coin(config_.distractor)) return;
  const media::Image behind = input.distractor();
  expect_square(behind);
  load_sprite(behind.pixels, behind.width, sprite_);
  Placement placement = random_placement(behind.width, config_.zoom, true, rng);
  for (float& coefficient : placement.affine) coefficient *= 2;  // half the size, off the centre
  const auto frame = static_cast<float>(behind.width);
  placement.affine[2] -= rng.coin(0.5) ? frame : 0;
  placement.affine[5] -= rng.coin(0.5) ? frame : 0;
  sample_sprite(sprite_, placement, side_, foreground_);
  lay_over(foreground_, uniform_float(rng, 0.2, 0.5), side_, picture_);
}

void Augmenter::vary_foreground(Rng& rng) {
  const auto mix = random_mix(config_.colour_mix, rng);
  const float gain = 1 + uniform_float(rng, -config_.contrast, config_.contrast);
  const float lift =
      0.5f * (1 - gain) + uniform_float(rng, -config_.brightness, config_.brightness);
  const bool invert = rng.coin(config_.invert);
  const int64_t area = side_ * side_;
  float* red = foreground_.data();
  float* green = red + area;
  float* blue = green + area;
  const float* alpha = blue + area;
  const float sign = invert ? -gain : gain;
  for (int64_t i = 0; i < area; ++i) {
    const float a = alpha[i];
    const float offset = (invert ? 1 - lift : lift) * a;
    const float r = red[i];
    const float g = green[i];
    const float b = blue[i];
    red[i] = std::min(std::max(sign * (mix[0] * r + mix[1] * g + mix[2] * b) + offset, 0.0f), a);
    green[i] = std::min(std::max(sign * (mix[3] * r + mix[4] * g + mix[5] * b) + offset, 0.0f), a);
    blue[i] = std::min(std::max(sign * (mix[6] * r + mix[7] * g + mix[8] * b) + offset, 0.0f), a);
  }
}

void Augmenter::vary_picture(Rng& rng) {
  const int64_t area = side_ * side_;
  if (rng.coin(config_.grey)) make_grey(picture_, area);
  if (rng.coin(config_.erase)) erase_rectangle(side_, rng, picture_);
  if (rng.coin(config_.posterise)) {
    const auto levels = static_cast<float>(2 + rng.below(3));
    for (float& value : picture_) value = std::round(value * levels) / levels;
  }
  const float noise = uniform_float(rng, 0, config_.noise);
  if (noise > 0) add_noise(picture_, noise, static_cast<uint32_t>(rng.next()));
}

void Augmenter::write(std::span<float> out) const {
  require(out.size() == picture_.size(), "Augmenter", "expected room for {} numbers, got {}",
          picture_.size(), out.size());
  const auto area = static_cast<size_t>(side_ * side_);
  for (size_t i = 0; i < out.size(); ++i) {
    const float value = std::min(std::max(picture_[i], 0.0f), 1.0f);
    out[i] = (value - mean_[i / area]) * scale_[i / area];
  }
}

}  // namespace flamingo::pictures
