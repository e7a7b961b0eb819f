#include "flamingo/train/trainer.h"

#include <chrono>
#include <cmath>
#include <cstdio>
#include <exception>
#include <optional>
#include <utility>

#include "flamingo/core/error.h"
#include "flamingo/core/memory.h"
#include "flamingo/io/event_file.h"
#include "flamingo/plan/flop_counter.h"
#include "flamingo/train/best_weights.h"
#include "flamingo/train/checkpoint.h"
#include "flamingo/train/metrics_log.h"

namespace flamingo::train {
namespace {

constexpr double kSpeedMemory = 0.95;  // weight of the past in the speed shown
constexpr double kGib = 1 << 30;
constexpr int64_t kMaxFailedSaves = 3;

double now_seconds() {
  return std::chrono::duration<double>(std::chrono::steady_clock::now().time_since_epoch()).count();
}

/// What a recipe says about the run as a whole; the output folder may be moved.
Json identity_of(const TrainTask& task, const TrainConfig& config) {
  Json json = {{"train", config_to_json(config)}, {"task", task.identity()}};
  json["train"].erase("output");
  json["train"].erase("checkpoint_every");
  if (config.schedule.decay == Decay::kConstant) json["train"].erase("steps");  // may be more later
  return json;
}

/// The micro-batches of a step together.
struct StepSum {
  double loss = 0;  ///< weighted
  int64_t items = 0;
  double flops = 0;  ///< of the model's arithmetic, forward and backward; 0: not counted
};

/// Adds up the gradients of a step's micro-batches, one graph at a time, and those of all
/// processes.
StepSum accumulate(TrainTask& task, int64_t step, int64_t num_micro_batches,
                   parallel::Parallel& parallel, bool counts_flops) {
  std::optional<plan::FlopCounter> counter;
  if (counts_flops) counter.emplace();
  StepSum sum;
  for (int64_t micro_batch = 0; micro_batch < num_micro_batches; ++micro_batch) {
    const StepLosses losses = task.losses(step, micro_batch);
    const auto loss = losses.weight == 1 ? losses.loss : losses.loss * losses.weight;
    sum.loss += loss.item<double>();
    if (micro_batch == num_micro_batches - 1) parallel.before_last_backward();
    loss.backward();  // whatever the loss: other processes may wait for this one's part
    sum.items += losses.items;
  }
  if (counter) sum.flops = counter->flops().model();
  parallel.finish_gradients();
  const auto& [world, data, tensor] = parallel.grid();
  if (tensor.size() > 1) sum.flops = tensor.sum({sum.flops}).front();
  const auto all = data.sum({sum.loss, static_cast<double>(sum.items), sum.flops});
  return {all[0], static_cast<int64_t>(all[1]), all[2]};
}

/// A line of skipped.jsonl. samples: as JSON text, of each process.
Json skipped_record(int64_t step, const std::vector<std::string>& samples) {
  if (samples.size() == 1) return {{"step", step}, {"samples", Json::parse(samples.front())}};
  Json all = Json::array();
  for (const std::string& text : samples) all.push_back(Json::parse(text));
  return {{"step", step}, {"samples_by_rank", all}};
}

/// Items per second, smoothed.
class Speed {
 public:
  double add(int64_t items, double seconds) {
    items_ = kSpeedMemory * items_ + static_cast<double>(items);
    seconds_ = kSpeedMemory * seconds_ + seconds;
    return items_ / seconds_;
  }

 private:
  double items_ = 0, seconds_ = 0;
};

/// One training run between its start and its end.
class Run {
 public:
  Run(TrainTask& task, const TrainConfig& config, const TrainHooks& hooks)
      : task_(task),
        config_(config),
        hooks_(hooks),
        parallel_(hooks.parallel ? *hooks.parallel : alone_),
        optimizer_(config.optimizer, task.module(),
                   {parallel_.moments_group(), parallel_.grid().tensor, parallel_.layout()}),
        checkpoints_(config.output, identity_of(task, config),
                     [this](std::string_view text) { say(text); }),
        best_(config.output, optimizer_.parameters()),
        state_(restore()),
        saved_(state_.step),
        progress_("step", state_.step, config.steps, progress_options()) {
    if (parallel_.is_first()) records_.emplace(config.output, state_.step);
    if (state_.step > 0) say("going on after step " + std::to_string(state_.step));
    if (config.schedule.warmup >= config.steps)
      say("warning: train.schedule.warmup (" + std::to_string(config.schedule.warmup) +
          ") is not below train.steps (" + std::to_string(config.steps) +
          "), so the learning rate never reaches its peak");
  }

  bool finished() const { return state_.step >= config_.steps || out_of_patience(); }
  bool stopped() const {
    return parallel_.grid().world.any(hooks_.stop != nullptr && hooks_.stop->load());
  }

  void step();
  TrainResult end() {
    if (saved_ != state_.step) save();
    progress_.finish();
    if (finished() && config_.patience > 0 && state_.best_validation > 0) best_.restore();
    return {state_, finished()};
  }

 private:
  /// What the first process alone writes.
  struct Records {
    Records(const std::string& folder, int64_t first_step)
        : log(folder + "/metrics.jsonl", first_step),
          skipped(folder + "/skipped.jsonl", first_step),
          events(folder + "/tensorboard", first_step) {}
    MetricsLog log, skipped;
    io::EventFile events;
  };

  ProgressOptions progress_options() const {
    ProgressOptions options = hooks_.progress;
    if (!parallel_.is_first()) options.write = nullptr;
    return options;
  }
  void say(std::string_view text) {
    const auto write = progress_options().write;
    if (write) write(std::string(text) + "\n");
  }
  RunState restore() {
    const auto tensors = optimizer_.empty_state();
    const auto state = checkpoints_.restore(tensors);
    parallel_.grid().world.require_same(std::to_string(state ? state->step : 0), "checkpoint");
    if (state) optimizer_.set_state(tensors, state->updates);
    return state.value_or(RunState{});
  }
  void save();
  void try_to_save();
  bool out_of_patience() const {
    return config_.patience > 0 && state_.validations - state_.best_validation >= config_.patience;
  }
  std::vector<Metric> update(const StepSum& sum);
  void add_speed(const StepSum& sum, double start, double data_seconds,
                 std::vector<Metric>& metrics);
  std::vector<Metric> validate();

  TrainTask& task_;
  const TrainConfig& config_;
  const TrainHooks& hooks_;
  parallel::Parallel alone_;
  parallel::Parallel& parallel_;
  AdamW optimizer_;
  CheckpointFolder checkpoints_;
  BestWeights best_;
  RunState state_;
  int64_t saved_;             ///< step of the newest checkpoint
  int64_t failed_saves_ = 0;  ///< since the last good one
  Progress progress_;
  std::optional<Records> records_;
  Speed speed_;
};

/// Throws Error in all processes when the first one cannot.
void Run::save() {
  const parallel::ProcessGroup& world = parallel_.grid().world;
  const auto tensors = optimizer_.state();
  std::exception_ptr failure;
  world.run_on_rank0([&] {
    try {
      checkpoints_.save(tensors, state_);
    } catch (const Error&) {
      failure = std::current_exception();
    }
  });
  if (world.any(failure != nullptr)) {
    if (failure) std::rethrow_exception(failure);
    fail("checkpoint", "expected the first process to save it, got an error there");
  }
  saved_ = state_.step;
  failed_saves_ = 0;
}

void Run::step() {
  const double start = now_seconds();
  const int64_t step = state_.step;
  const int64_t num_micro_batches = task_.begin(step);
  const double data_seconds = now_seconds() - start;
  for (const std::string& note : task_.notes()) progress_.message(note);
  const StepSum sum = accumulate(task_, step, num_micro_batches, parallel_, hooks_.peak_flops > 0);
  auto metrics = update(sum);
  for (auto& metric : task_.metrics(step)) metrics.push_back(std::move(metric));
  for (auto& metric : validate()) metrics.push_back(std::move(metric));
  add_speed(sum, start, data_seconds, metrics);
  if (records_) {
    records_->log.write(step, metrics);
    records_->events.write(step, metrics);
  }
  parallel_.check_weights(state_.step);
  if (state_.skipped_in_row >= config_.max_skipped_in_row)
    fail("train",
         "expected finite losses and gradients, got {} steps in a row without, up to step {}",
         state_.skipped_in_row, step,
         Hint{"lower the learning rate; " + config_.output + "/skipped.jsonl names their samples"});
  if (state_.step % config_.checkpoint_every == 0) try_to_save();
}

/// A disk may fail for a while; the run goes on without this checkpoint, but not for ever.
void Run::try_to_save() {
  try {
    save();
  } catch (const Error& error) {
    if (++failed_saves_ >= kMaxFailedSaves) throw;
    progress_.message("not saved at step " + std::to_string(state_.step) + ": " + error.what());
  }
}

/// Clip, and an update unless something is not finite. -> {loss, grad_norm, lr_factor}.
std::vector<Metric> Run::update(const StepSum& sum) {
  const double lr_factor = schedule_factor(config_.schedule, state_.step, config_.steps);
  const double norm = std::isfinite(sum.loss) ? optimizer_.clip_gradients() : std::nan("");
  if (std::isfinite(norm)) {
    optimizer_.step(lr_factor);
    state_.skipped_in_row = 0;
  } else {
    const auto samples = parallel_.grid().world.all_gather_text(task_.samples().dump());
    if (records_) records_->skipped.write(skipped_record(state_.step, samples));
    ++state_.skipped;
    ++state_.skipped_in_row;
  }
  optimizer_.zero_grad();
  ++state_.step;
  state_.updates = optimizer_.updates();
  return {{"loss", sum.loss}, {"grad_norm", norm}, {"lr_factor", lr_factor}};
}

std::vector<Metric> Run::validate() {
  if (config_.validate_every == 0 || state_.step % config_.validate_every != 0) return {};
  auto validation = task_.validate();
  if (!validation) return {};
  ++state_.validations;
  if (state_.best_validation == 0 || validation->loss < state_.best_loss) {
    state_.best_validation = state_.validations;
    state_.best_loss = validation->loss;
    if (config_.patience > 0) parallel_.grid().world.run_on_rank0([this] { best_.save(); });
  }
  validation->metrics.emplace_back("valid_loss", validation->loss);
  return std::move(validation->metrics);
}

void Run::add_speed(const StepSum& sum, double start, double data_seconds,
                    std::vector<Metric>& metrics) {
  const double seconds = now_seconds() - start;
  const double items_per_second = speed_.add(sum.items, seconds);
  metrics.emplace_back("items", static_cast<double>(sum.items));
  metrics.emplace_back("seconds", seconds);
  metrics.emplace_back("data_wait", data_seconds / seconds);
  metrics.emplace_back("memory_gib", static_cast<double>(resident_bytes()) / kGib);
  if (sum.flops > 0 && hooks_.peak_flops > 0)
    metrics.emplace_back("mfu", sum.flops / seconds / hooks_.peak_flops);
  char text[128];
  std::snprintf(text, sizeof text, "loss %.4f  %.0f %s/s", sum.loss, items_per_second,
                task_.item_name().c_str());
  const std::string skipped =
      state_.skipped > 0 ? "  " + std::to_string(state_.skipped) + " skipped" : "";
  progress_.update(state_.step, text + skipped);
}

}  // namespace

void TrainConfig::validate() const {
  require(!output.empty(), "train.output", "expected a folder, got nothing");
  require(steps > 0, "train.steps", "expected at least 1, got {}", steps);
  require(checkpoint_every > 0, "train.checkpoint_every", "expected at least 1, got {}",
          checkpoint_every);
  require(max_skipped_in_row > 0, "train.max_skipped_in_row", "expected at least 1");
  require(validate_every >= 0, "train.validate_every", "expected at least 0");
  require(patience >= 0, "train.patience", "expected at least 0");
  require(patience == 0 || validate_every > 0, "train.patience",
          "expected validate_every above 0 with it, got 0");
  optimizer.validate();
  schedule.validate();
}

TrainResult train(TrainTask& task, const TrainConfig& config, const TrainHooks& hooks) {
  config.validate();
  require(config.patience == 0 || !hooks.parallel || hooks.parallel->grid().tensor.size() == 1,
          "train.patience", "expected 0 with parallel.tensor above 1, got {}", config.patience,
          Hint{"the first process alone keeps the best weights"});
  Run run(task, config, hooks);
  if (hooks.on_start) hooks.on_start();
  while (!run.finished() && !run.stopped()) run.step();
  return run.end();
}

}  // namespace flamingo::train
