#include "flamingo/train/schedule.h"

#include <algorithm>
#include <cmath>
#include <numbers>

#include "flamingo/core/error.h"

namespace flamingo::train {

void ScheduleConfig::validate() const {
  require(warmup >= 0, "schedule.warmup", "expected at least 0, got a negative number");
  require(final_fraction >= 0 && final_fraction <= 1, "schedule.final_fraction",
          "expected 0 to 1, got {}", final_fraction);
  require(decay != Decay::kExponential || final_fraction > 0, "schedule.final_fraction",
          "expected more than 0 with exponential decay, got 0");
}

double schedule_factor(const ScheduleConfig& config, int64_t step, int64_t total) {
  if (step < config.warmup)
    return static_cast<double>(step + 1) / static_cast<double>(config.warmup);
  if (config.decay == Decay::kConstant) return 1.0;
  const double span = static_cast<double>(std::max<int64_t>(total - config.warmup - 1, 1));
  const double part = std::min(static_cast<double>(step - config.warmup) / span, 1.0);
  if (config.decay == Decay::kExponential) return std::pow(config.final_fraction, part);
  const double left =
      config.decay == Decay::kLinear ? 1.0 - part : 0.5 * (1.0 + std::cos(std::numbers::pi * part));
  return config.final_fraction + (1.0 - config.final_fraction) * left;
}

}  // namespace flamingo::train
