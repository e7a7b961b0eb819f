#include "flamingo/train/trainer.h"

#include <chrono>
#include <cmath>
#include <cstdio>

#include "flamingo/core/error.h"
#include "flamingo/train/checkpoint.h"

namespace flamingo {
namespace {

constexpr double kSpeedMemory = 0.95;  // weight of the past in the speed shown

double now_seconds() {
  return std::chrono::duration<double>(std::chrono::steady_clock::now().time_since_epoch()).count();
}

/// What a recipe says about the run as a whole; the output folder may be moved.
Json identity_of(const TrainTask& task, const TrainConfig& config) {
  Json json = {{"train", config_to_json(config)}, {"task", task.identity()}};
  json["train"].erase("output");
  json["train"].erase("checkpoint_every");
  return json;
}

/// The parts of a step together.
struct StepSum {
  double loss = 0;  ///< weighted
  int64_t items = 0;
  std::vector<Metric> metrics;
};

/// Adds up the gradients of a step's parts, one graph at a time.
StepSum accumulate(TrainTask& task, int64_t step) {
  StepSum sum;
  for (int64_t part = 0; part < task.num_parts(step); ++part) {
    const StepLosses losses = task.losses(step, part);
    const auto loss = losses.weight == 1 ? losses.loss : losses.loss * losses.weight;
    sum.loss += loss.item<double>();
    if (std::isfinite(sum.loss)) loss.backward();
    sum.items += losses.items;
    sum.metrics.insert(sum.metrics.end(), losses.metrics.begin(), losses.metrics.end());
  }
  return sum;
}

/// Clip, and an update unless something is not finite. -> {loss, grad_norm, lr}.
std::vector<Metric> update(AdamW& optimizer, double loss, double lr_factor, RunState& state) {
  const double norm = std::isfinite(loss) ? optimizer.clip_gradients() : std::nan("");
  if (std::isfinite(norm)) {
    optimizer.step(lr_factor);
    state.skipped_in_row = 0;
  } else {
    ++state.skipped;
    ++state.skipped_in_row;
  }
  optimizer.zero_grad();
  ++state.step;
  state.updates = optimizer.updates();
  return {{"loss", loss}, {"grad_norm", norm}, {"lr_factor", lr_factor}};
}

std::string details(double loss, double speed, const std::string& item_name, int64_t skipped) {
  char text[128];
  std::snprintf(text, sizeof text, "loss %.4f  %.0f %s/s", loss, speed, item_name.c_str());
  return std::string(text) + (skipped > 0 ? "  " + std::to_string(skipped) + " skipped" : "");
}

/// Items per second, smoothed.
class Speed {
 public:
  double add(int64_t items) {
    const double now = now_seconds();
    const double weight = items_ > 0 ? kSpeedMemory : 0.0;
    items_ = weight * items_ + static_cast<double>(items);
    seconds_ = weight * seconds_ + (now - last_);
    last_step_ = now - last_;
    last_ = now;
    return items_ / seconds_;
  }
  double last_step() const { return last_step_; }

 private:
  double last_ = now_seconds();
  double items_ = 0, seconds_ = 0, last_step_ = 0;
};

}  // namespace

void TrainConfig::validate() const {
  require(!output.empty(), "train.output", "expected a folder, got nothing");
  require(steps > 0, "train.steps", "expected at least 1, got " + std::to_string(steps));
  require(checkpoint_every > 0, "train.checkpoint_every",
          "expected at least 1, got " + std::to_string(checkpoint_every));
  require(max_skipped_in_row > 0, "train.max_skipped_in_row", "expected at least 1");
  optimizer.validate();
  schedule.validate();
}

TrainResult train(TrainTask& task, const TrainConfig& config, const TrainHooks& hooks) {
  config.validate();
  AdamW optimizer(config.optimizer, task.module());
  const auto say = [&](std::string_view text) {
    if (hooks.progress.write) hooks.progress.write(std::string(text) + "\n");
  };
  const CheckpointFolder checkpoints(config.output, identity_of(task, config), say);
  RunState state = checkpoints.restore(optimizer.state()).value_or(RunState{});
  optimizer.set_updates(state.updates);
  if (state.step > 0) say("going on after step " + std::to_string(state.step));
  Progress progress("step", state.step, config.steps, hooks.progress);
  MetricsLog log(config.output + "/metrics.jsonl", state.step);
  const auto stopped = [&] { return hooks.stop != nullptr && hooks.stop->load(); };

  Speed speed;
  int64_t saved = state.step;
  while (state.step < config.steps && !stopped()) {
    const int64_t step = state.step;
    const StepSum sum = accumulate(task, step);
    const double lr_factor = schedule_factor(config.schedule, step, config.steps);
    auto metrics = update(optimizer, sum.loss, lr_factor, state);
    const double items_per_second = speed.add(sum.items);
    metrics.insert(metrics.end(), sum.metrics.begin(), sum.metrics.end());
    metrics.emplace_back("seconds", speed.last_step());
    log.write(step, metrics);
    progress.update(state.step, details(metrics.front().second, items_per_second, task.item_name(),
                                        state.skipped));
    require(state.skipped_in_row < config.max_skipped_in_row, "train",
            "expected finite losses and gradients, got " + std::to_string(state.skipped_in_row) +
                " steps in a row without, up to step " + std::to_string(step),
            "lower the learning rate");
    if (state.step % config.checkpoint_every == 0) {
      checkpoints.save(optimizer.state(), state);
      saved = state.step;
    }
  }
  if (saved != state.step) checkpoints.save(optimizer.state(), state);
  progress.finish();
  return {state, state.step >= config.steps};
}

}  // namespace flamingo
