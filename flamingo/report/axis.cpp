#include "flamingo/report/axis.h"

#include <algorithm>
#include <cmath>
#include <cstdio>

#include "flamingo/core/error.h"
#include "flamingo/report/markup.h"

namespace flamingo::report {
namespace {

constexpr double kSlack = 1e-9;  // of a step, for ticks that fall on a bound

/// The smallest of 1, 2, 5 times a power of ten that is at least `size`.
double nice_step(double size) {
  const double power = std::pow(10.0, std::floor(std::log10(size)));
  for (const double factor : {1.0, 2.0, 5.0}) {
    if (factor * power >= size * (1 - kSlack)) return factor * power;
  }
  return 10 * power;
}

double tick_step(const Interval& range, int count) {
  return nice_step((range.high - range.low) / count);
}

/// value with as many decimals as tell neighbours of distance `step` apart.
std::string tick_label(double value, double step) {
  const double size = std::max(std::abs(value), step);
  if (size >= 1e4 || size < 1e-3) return format_number(value, 5);
  const int decimals = std::max(0, static_cast<int>(-std::floor(std::log10(step) + kSlack)));
  char text[40];
  std::snprintf(text, sizeof text, "%.*f", decimals, value);
  return text;
}

}  // namespace

Axis::Axis(Interval range, bool logarithmic) : range_(range), logarithmic_(logarithmic) {
  if (!std::isfinite(range.high - range.low) || range.low >= range.high)
    fail("axis", "expected a finite range, got {} to {}", format_number(range.low),
         format_number(range.high));
  if (logarithmic && range.low <= 0)
    fail("axis", "expected positive values on a logarithmic axis, got {}",
         format_number(range.low));
}

double Axis::place(double value) const {
  if (!logarithmic_) return (value - range_.low) / (range_.high - range_.low);
  return std::log(value / range_.low) / std::log(range_.high / range_.low);
}

std::vector<Tick> Axis::ticks(int count) const {
  if (!logarithmic_) return linear_ticks(count);
  const auto ticks = logarithmic_ticks(count);
  return ticks.size() >= 3 ? ticks : linear_ticks(count);
}

std::vector<Tick> Axis::linear_ticks(int count) const {
  const double step = tick_step(range_, count);
  std::vector<Tick> ticks;
  const double first = std::ceil(range_.low / step - kSlack);
  for (int i = 0; i <= 2 * count; ++i) {
    const double value = (first + i) * step;
    if (value > range_.high + kSlack * step) break;
    ticks.push_back({value, tick_label(value, step)});
  }
  return ticks;
}

std::vector<Tick> Axis::logarithmic_ticks(int count) const {
  const int first = static_cast<int>(std::floor(std::log10(range_.low)));
  const int last = static_cast<int>(std::ceil(std::log10(range_.high)));
  const int decades = last - first;
  const int stride = std::max(1, (decades + count - 1) / count);
  std::vector<Tick> ticks;
  for (int power = first; power <= last; power += stride) {
    for (const double factor : {1.0, 2.0, 5.0}) {
      const double value = factor * std::pow(10.0, power);
      const bool shown = factor == 1.0 || 3 * decades <= 2 * count;
      if (shown && value >= range_.low * (1 - kSlack) && value <= range_.high * (1 + kSlack))
        ticks.push_back({value, format_number(value)});
    }
  }
  return ticks;
}

Interval widened_to_ticks(Interval range, int count) {
  const double step = tick_step(range, count);
  return {step * std::floor(range.low / step + kSlack),
          step * std::ceil(range.high / step - kSlack)};
}

}  // namespace flamingo::report
