#include "flamingo/core/progress.h"

#include <algorithm>
#include <chrono>
#include <cmath>
#include <cstdio>
#include <utility>

namespace flamingo {
namespace {

constexpr int kBarCells = 20;
constexpr double kTerminalInterval = 0.2;
constexpr double kAbsurdSeconds = 3600.0 * 24 * 365;
constexpr const char* kClearLine = "\r\x1b[K";

double monotonic_seconds() {
  return std::chrono::duration<double>(std::chrono::steady_clock::now().time_since_epoch()).count();
}

std::string bar(double part) {
  const int full = static_cast<int>(part * kBarCells);
  std::string cells(static_cast<size_t>(full), '=');
  if (full < kBarCells) cells += '>';
  cells.resize(kBarCells, ' ');
  return "[" + cells + "]";
}

}  // namespace

std::string format_duration(double seconds) {
  if (!(seconds >= 0) || seconds > kAbsurdSeconds) return "-:--";
  const int64_t whole = std::llround(seconds);
  char text[32];
  if (whole >= 3600) {
    std::snprintf(text, sizeof text, "%ld:%02ld:%02ld", static_cast<long>(whole / 3600),
                  static_cast<long>(whole / 60 % 60), static_cast<long>(whole % 60));
  } else {
    std::snprintf(text, sizeof text, "%ld:%02ld", static_cast<long>(whole / 60),
                  static_cast<long>(whole % 60));
  }
  return text;
}

Progress::Progress(std::string title, int64_t first, int64_t total, ProgressOptions options)
    : title_(std::move(title)), first_(first), total_(total), options_(std::move(options)) {
  if (!options_.clock) options_.clock = monotonic_seconds;
  start_ = options_.clock();
}

std::string Progress::line(int64_t done, std::string_view details) const {
  const double part = total_ > 0 ? std::clamp(static_cast<double>(done) / total_, 0.0, 1.0) : 1.0;
  const double elapsed = options_.clock() - start_;
  std::string text = title_ + " " + std::to_string(done) + "/" + std::to_string(total_) + " ";
  if (options_.terminal) text += bar(part) + " ";
  text += std::to_string(static_cast<int>(part * 100)) + "%  " + std::string(details) + "  ";
  if (done >= total_) return text + format_duration(elapsed) + " taken";
  const double left =
      done > first_ ? elapsed / static_cast<double>(done - first_) * (total_ - done) : -1;
  return text + format_duration(left) + " left";
}

void Progress::update(int64_t done, std::string_view details) {
  if (!options_.write) return;
  const double now = options_.clock();
  const double interval = options_.terminal ? kTerminalInterval : options_.interval;
  if (done < total_ && now - last_ < interval) return;
  last_ = now;
  std::string text = line(done, details);
  if (options_.terminal) {
    text.resize(std::min(text.size(), static_cast<size_t>(std::max(options_.columns - 1, 1))));
    options_.write(kClearLine + text);
    drawn_ = true;
  } else {
    options_.write(text + "\n");
  }
}

void Progress::message(std::string_view text) {
  if (!options_.write) return;
  options_.write((drawn_ ? kClearLine : "") + std::string(text) + "\n");
  drawn_ = false;
}

void Progress::finish() {
  if (drawn_) options_.write("\n");
  drawn_ = false;
}

}  // namespace flamingo
