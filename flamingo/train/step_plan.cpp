#include "flamingo/train/step_plan.h"

#include <algorithm>
#include <array>
#include <chrono>
#include <limits>
#include <map>
#include <memory>
#include <set>
#include <utility>

#include "flamingo/core/error.h"
#include "flamingo/core/memory.h"
#include "flamingo/nn/packed_weight.h"
#include "flamingo/plan/synthetic_step.h"
#include "flamingo/train/optimizer.h"

namespace flamingo::train {
namespace {

constexpr int kRepeats = 3;
constexpr int64_t kBatchesHeld = 4;  // in use, two that wait (data/prefetch.h), being made

/// Freed memory stays with the process, in the pool of blocks and the C library's heap: something
/// that every run has, and a part of what comes and goes in a step. Both fitted to the peaks of
/// seven runs (docs/training.md).
constexpr int64_t kUnused = 200 << 20;
constexpr double kGaps = 0.1;

int64_t gaps(const plan::StepMemory& m) {
  return kUnused +
         static_cast<int64_t>(kGaps * static_cast<double>(m.activations + m.logits + m.buffers));
}

/// The most of a run's moments: a step, or reading the model before the first one. A model that was
/// packed is read again when it is written, while all that is trained is there.
int64_t most_bytes(const StepPlan& plan, int64_t reading) {
  const plan::StepMemory& m = plan.memory;
  const bool packed = surgery::block_type_of(plan.settings.storage.frozen).has_value();
  const int64_t writing =
      packed ? reading + m.frozen + m.masters + m.moments + m.gradients + kUnused : 0;
  return std::max({m.peak() + gaps(m), reading, writing});
}

int64_t divide_up(int64_t a, int64_t b) { return (a + b - 1) / b; }

/// Weights that one pass decodes.
int64_t num_packed(const StepProblem& problem, const plan::StepStorage& storage) {
  const auto type = surgery::block_type_of(storage.frozen);
  if (!type) return 0;
  model::Flamingo model(problem.config, lm::WeightOptions::of(torch::kBFloat16, torch::kMeta));
  model::freeze(model, problem.training.parts);
  int64_t count = 0;
  surgery::for_each_packable(model, *type,
                             [&](const nn::LinearImpl& layer) { count += layer.weight.numel(); });
  return count;
}

/// Forward, backward, and forward again with checkpointed blocks.
int64_t num_passes(const plan::StepStorage& storage) { return storage.checkpoint_blocks ? 3 : 2; }

/// Adds a batch to a plan: its time, and its memory where that is the most.
void add_batch(const StepProblem& problem, const plan::StepShape& batch, const SpeedOf& speed_of,
               StepPlan& plan) {
  const plan::StepStorage& storage = plan.settings.storage;
  const plan::StepShape part =
      with_sequences(batch, std::min(plan.settings.micro_batch, batch.sequences));
  const plan::StepCost cost = plan::measure_step(problem.config, part, problem.training, storage);
  if (cost.memory.peak() > plan.memory.peak()) plan.memory = cost.memory;
  const StepSpeed speed = speed_of(part, storage);
  const auto decoded = static_cast<double>(num_passes(storage) * num_packed(problem, storage));
  const double parts = static_cast<double>(batch.sequences) / static_cast<double>(part.sequences);
  plan.seconds += parts * (speed.seconds + cost.flops.total() * speed.seconds_per_flop +
                           decoded * speed.seconds_per_decode);
  plan.update_seconds = static_cast<double>(cost.memory.masters) / 4 * speed.seconds_per_update;
}

StepPlan plan_of(const StepProblem& problem, const StepSettings& settings, const SpeedOf& speed) {
  StepPlan plan{.settings = settings};
  for (const plan::StepShape& batch : problem.batches) add_batch(problem, batch, speed, plan);
  if (problem.in_turn) plan.seconds /= static_cast<double>(problem.batches.size());
  plan.seconds += plan.update_seconds;
  return plan;
}

int64_t most_sequences(const StepProblem& problem) {
  int64_t most = 0;
  for (const plan::StepShape& batch : problem.batches) most = std::max(most, batch.sequences);
  require(most > 0, "StepProblem", "expected a batch of at least one sequence, got none");
  return most;
}

/// All sequences of the largest batch, half of them, ..., and what the problem asks for.
std::vector<int64_t> micro_batches(const StepProblem& problem) {
  std::set<int64_t, std::greater<>> sizes;
  const int64_t most = most_sequences(problem);
  for (int64_t micro = most;; micro /= 2) {
    sizes.insert(micro);
    if (micro % 2 != 0) break;
  }
  if (problem.micro_batch > 0) sizes.insert(std::min(problem.micro_batch, most));
  return {sizes.begin(), sizes.end()};
}

double least_seconds(const Clock& clock, const std::function<void()>& work) {
  double least = std::numeric_limits<double>::infinity();
  for (int i = 0; i <= kRepeats; ++i) {
    const double start = clock();
    work();
    if (i > 0) least = std::min(least, clock() - start);  // the first one warms up
  }
  return least;
}

/// A model of `count` stretches of layers, each with one gated layer.
model::FlamingoConfig stretches(model::FlamingoConfig config, int64_t count) {
  const int64_t period = std::max<int64_t>(std::min(config.xattn.every, config.lm.num_layers), 1);
  config.xattn.graft_depth = count;
  config.xattn.first = 0;
  config.lm.num_layers = period * count;
  return config;
}

/// What follows the passes of a step, and ends its gradients.
void update(AdamW& optimizer) {
  optimizer.clip_gradients();
  optimizer.step(1e-3);
  optimizer.zero_grad();
}

/// One measured forward and backward pass.
struct Sample {
  double flops = 0;
  double seconds = 0;
  double seconds_per_update = 0;
};

Sample sample(const StepProblem& problem, const plan::StepShape& shape,
              const plan::StepStorage& storage, int64_t count, const Clock& clock) {
  plan::SyntheticStep step(stretches(problem.config, count), problem.training, storage);
  AdamW optimizer({}, *step.model());
  const plan::SyntheticBatch batch = step.batch(shape);
  const auto pass = [&] { step.accumulate(batch); };
  Sample result;
  {
    const plan::FlopCounter counter;
    pass();
    result.flops = counter.flops().total();
  }
  result.seconds = least_seconds(clock, pass);
  const double with_update = least_seconds(clock, [&] {
    update(optimizer);
    pass();
  });
  result.seconds_per_update =
      std::max(with_update - result.seconds, 0.0) / static_cast<double>(optimizer.num_trained());
  return result;
}

/// Seconds to decode one weight of the LM's largest kind of matrix.
double decode_speed(const lm::DecoderConfig& lm, surgery::FrozenFormat format, const Clock& clock) {
  const auto type = surgery::block_type_of(format);
  if (!type || lm.dim % kernels::block_layout(*type).values != 0) return 0;
  const auto weight = nn::PackedWeight::quantise(
      torch::randn({(lm.gated_ffw ? 2 : 1) * lm.ffw_dim, lm.dim}), *type);
  return least_seconds(clock, [&] { weight->decode(torch::kBFloat16); }) /
         static_cast<double>(weight->rows() * weight->cols());
}

StepSpeed pass_speed(const StepProblem& problem, const plan::StepShape& shape,
                     const plan::StepStorage& storage, const Clock& clock) {
  const plan::StepStorage plain{storage.compute_bytes() == 4 ? surgery::FrozenFormat::kFp32
                                                             : surgery::FrozenFormat::kBf16};
  const Sample once = sample(problem, shape, plain, 1, clock),
               twice = sample(problem, shape, plain, 2, clock);
  StepSpeed speed;
  speed.seconds_per_flop = std::max(twice.seconds - once.seconds, 0.0) / (twice.flops - once.flops);
  speed.seconds = once.seconds - once.flops * speed.seconds_per_flop;
  speed.seconds_per_update = twice.seconds_per_update;
  return speed;
}

}  // namespace

plan::StepShape with_sequences(const plan::StepShape& shape, int64_t sequences) {
  plan::StepShape part = shape;
  part.sequences = sequences;
  part.visible = shape.visible * sequences / shape.sequences;
  part.clips = divide_up(shape.clips * sequences, shape.sequences);
  part.pictures = divide_up(shape.pictures * sequences, shape.sequences);
  part.targets = std::max<int64_t>(shape.targets * sequences / shape.sequences, 1);
  return part;
}

std::vector<StepPlan> plan_steps(const StepProblem& problem, bool fp32, int64_t program,
                                 int64_t limit, const SpeedOf& speed) {
  const std::vector<surgery::FrozenFormat> formats =
      fp32 ? std::vector{surgery::FrozenFormat::kFp32}
           : std::vector{surgery::FrozenFormat::kBf16, surgery::FrozenFormat::kInt8,
                         surgery::FrozenFormat::kInt4};
  const int64_t most = most_sequences(problem), reading = reading_bytes(problem, fp32);
  std::vector<StepPlan> plans;
  for (const surgery::FrozenFormat format : formats) {
    for (const bool checkpoint : {false, true}) {
      for (const int64_t micro : micro_batches(problem)) {
        const bool all_together = problem.batches.size() > 1 && !problem.in_turn;
        const bool in_parts = micro < most || all_together;
        StepPlan plan = plan_of(problem, {{format, checkpoint, in_parts}, micro}, speed);
        plan.peak = program + most_bytes(plan, reading);
        plan.fits = plan.peak <= limit;
        plans.push_back(plan);
      }
    }
  }
  return plans;
}

int64_t reading_bytes(const StepProblem& problem, bool fp32) {
  const plan::StepStorage storage{fp32 ? surgery::FrozenFormat::kFp32
                                       : surgery::FrozenFormat::kBf16};
  const lm::Decoder lm(problem.config.lm, lm::WeightOptions::of(torch::kBFloat16, torch::kMeta));
  int64_t count = 0;
  for (const auto& parameter : lm->parameters()) count += parameter.numel();
  const plan::StepMemory memory =
      plan::measure_step(problem.config, problem.batches.front(), problem.training, storage).memory;
  return memory.frozen + memory.masters + count * storage.compute_bytes();
}

int64_t pixel_bytes(const StepProblem& problem) {
  const int64_t side = problem.config.transform.size;
  int64_t sum = 0;
  for (const plan::StepShape& batch : problem.batches) {
    if (!batch.encodes) continue;
    const int64_t bytes = 4 * batch.num_pictures() * 3 * side * side;
    sum = problem.in_turn ? std::max(sum, bytes) : sum + bytes;
  }
  return kBatchesHeld * sum;
}

const StepPlan* best_plan(const std::vector<StepPlan>& plans) {
  const StepPlan* best = nullptr;
  for (const StepPlan& plan : plans) {
    if (plan.fits && (best == nullptr || plan.seconds < best->seconds)) best = &plan;
  }
  return best;
}

int64_t measure_overhead(const StepProblem& problem, bool fp32) {
  const model::FlamingoConfig config = stretches(problem.config, 1);
  const plan::StepStorage storage{fp32 ? surgery::FrozenFormat::kFp32
                                       : surgery::FrozenFormat::kBf16};
  int64_t needed = 0;
  for (const plan::StepShape& batch : problem.batches) {
    plan::SyntheticStep step(config, problem.training, storage);
    AdamW optimizer({}, *step.model());
    step.accumulate(step.batch(batch));
    update(optimizer);
    const plan::StepMemory memory =
        plan::measure_step(config, batch, problem.training, storage).memory;
    const int64_t pixels = pixel_bytes({.config = config, .batches = {batch}}) / kBatchesHeld;
    needed = std::max(needed, memory.peak() + pixels);
  }
  return std::max<int64_t>(peak_resident_bytes() - needed, 0);
}

double steady_seconds() {
  return std::chrono::duration<double>(std::chrono::steady_clock::now().time_since_epoch()).count();
}

SpeedOf speeds_of(const StepProblem& problem,
                  std::function<void(const plan::StepShape& part)> on_measure, Clock clock) {
  using Extents = std::array<int64_t, 4>;
  auto passes = std::make_shared<std::map<Extents, StepSpeed>>();
  auto decodes = std::make_shared<std::map<surgery::FrozenFormat, double>>();
  return [&problem, passes, decodes, on_measure = std::move(on_measure), clock = std::move(clock)](
             const plan::StepShape& part, const plan::StepStorage& storage) {
    const Extents extents{part.sequences, part.tokens, part.media, part.frames};
    if (!passes->contains(extents)) {
      if (on_measure) on_measure(part);
      passes->emplace(extents, pass_speed(problem, part, storage, clock));
    }
    if (!decodes->contains(storage.frozen))
      decodes->emplace(storage.frozen, decode_speed(problem.config.lm, storage.frozen, clock));
    StepSpeed speed = passes->at(extents);
    speed.seconds_per_decode = decodes->at(storage.frozen);
    return speed;
  };
}

}  // namespace flamingo::train
