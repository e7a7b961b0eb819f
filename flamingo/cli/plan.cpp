#include <algorithm>
#include <cstdio>
#include <memory>
#include <string>
#include <vector>

#include "flamingo/cli/number_options.h"
#include "flamingo/cli/output.h"
#include "flamingo/cli/recipe_options.h"
#include "flamingo/cli/verbs.h"
#include "flamingo/core/memory.h"
#include "flamingo/model/presets.h"
#include "flamingo/plan/cluster_plan.h"
#include "flamingo/train/recipe_plan.h"

namespace flamingo::cli {
namespace {

constexpr double kGiB = 1024.0 * 1024.0 * 1024.0;
constexpr double kPaperSteps = 500e3;  // appendix B.1.2
constexpr double kDay = 86400.0;
constexpr double kMostGib = 1 << 30;
constexpr int64_t kMostCounted = 1 << 24;  // of anything that an option counts

struct PlanArguments {
  RecipeOptions recipe;
  std::string preset;
  int64_t batch = 1, tokens = 256, media = 5, frames = 1;
  double memory = 0;
  plan::Cluster cluster{.tensor_parallel = 1, .data_parallel = 0};
  int64_t devices = 1, parts = 1;
  double device_memory = 0;
  bool json = false, untimed = false;
};

train::RecipePlan subject_of(const PlanArguments& options) {
  const std::string& recipe_path = options.recipe.path;
  require(recipe_path.empty() || options.preset.empty(), "--preset",
          "expected either a recipe or a preset, got {} and {}", recipe_path, options.preset);
  require(!recipe_path.empty() || !options.preset.empty(), "--preset",
          "expected a model, or a recipe instead, got neither");
  if (options.preset.empty()) {
    train::TrainFlamingoRecipe recipe =
        train::train_recipe_of(recipe_json(options.recipe), options.recipe.path);
    recipe.validate();
    return train::plan_recipe(recipe);
  }
  require(options.recipe.assignments.empty(), "--set", "expected a recipe to change, got a preset");
  train::RecipePlan subject;
  subject.problem.config = model::flamingo_preset(options.preset);
  subject.problem.batches = {
      train::full_batch(options.batch, options.tokens, options.media, options.frames)};
  subject.problem.batches[0].encodes = true;
  return subject;
}

Json memory_json(const plan::StepMemory& memory) {
  return {{"peak", memory.peak()},         {"frozen", memory.frozen},
          {"masters", memory.masters},     {"moments", memory.moments},
          {"gradients", memory.gradients}, {"activations", memory.activations},
          {"logits", memory.logits},       {"buffers", memory.buffers}};
}

Json plan_json(const train::StepPlan& plan, bool timed) {
  return {{"frozen", enum_name(plan.settings.storage.frozen)},
          {"checkpoint_blocks", plan.settings.storage.checkpoint_blocks},
          {"micro_batch", plan.settings.micro_batch},
          {"peak", plan.peak},
          {"memory", memory_json(plan.memory)},
          {"seconds", timed ? Json(plan.seconds) : Json()},
          {"fits", plan.fits}};
}

/// Whether a recipe runs its steps so.
bool is_own(const train::RecipePlan& subject, const train::StepPlan& plan) {
  int64_t most = 0;
  for (const plan::StepShape& batch : subject.problem.batches)
    most = std::max(most, batch.sequences);
  const int64_t own = subject.problem.micro_batch;
  return plan.settings.storage.frozen == subject.storage.frozen &&
         plan.settings.storage.checkpoint_blocks == subject.storage.checkpoint_blocks &&
         plan.settings.micro_batch == (own > 0 ? std::min(own, most) : most);
}

void print_row(const train::StepPlan& plan, bool own, bool timed) {
  const plan::StepMemory& m = plan.memory;
  const auto gib = [](int64_t bytes) { return static_cast<double>(bytes) / kGiB; };
  char seconds[32] = "-";
  if (timed) std::snprintf(seconds, sizeof(seconds), "%.2f", plan.seconds);
  print_format(
      "%-6s  %-10s  %5ld  %7.2f  %7.2f  %7.2f  %7.2f  %9.2f  %11.2f  %6.2f  %7.2f  %8s  %s%s\n",
      std::string(enum_name(plan.settings.storage.frozen)).c_str(),
      plan.settings.storage.checkpoint_blocks ? "yes" : "no",
      static_cast<long>(plan.settings.micro_batch), gib(plan.peak), gib(m.frozen), gib(m.masters),
      gib(m.moments), gib(m.gradients), gib(m.activations), gib(m.logits), gib(m.buffers), seconds,
      plan.fits ? "fits" : "-", own ? ", the recipe" : "");
}

/// Bytes beyond a step's tensors: the program, pixels of batches, and the checkpoint that is read
/// back after it was written.
int64_t program_bytes(const train::RecipePlan& subject, bool fp32) {
  const train::StepProblem& problem = subject.problem;
  const plan::StepStorage storage{fp32 ? surgery::FrozenFormat::kFp32
                                       : surgery::FrozenFormat::kBf16};
  const int64_t overhead = train::measure_overhead(problem, fp32);
  const plan::StepMemory memory =
      plan::measure_step(problem.config, problem.batches.front(), problem.training, storage).memory;
  return overhead + train::pixel_bytes(problem) + memory.masters + memory.moments;
}

void print_batches(const train::RecipePlan& subject) {
  for (const plan::StepShape& batch : subject.problem.batches) {
    print_format("a batch of %ld sequences of %s%ld tokens and %ld media, %ld pictures in all\n",
                 static_cast<long>(batch.sequences), subject.seen ? "" : "at most ",
                 static_cast<long>(batch.tokens), static_cast<long>(batch.media),
                 static_cast<long>(batch.num_pictures()));
  }
}

void print_plans(const train::RecipePlan& subject, const std::vector<train::StepPlan>& plans,
                 int64_t program, int64_t limit, bool timed) {
  print_format("%.2f GiB may be used, of which the program takes %.2f\n",
               static_cast<double>(limit) / kGiB, static_cast<double>(program) / kGiB);
  if (subject.file_bytes > 0) {
    print_format("besides, %.2f GiB of files may lie in memory, as long as nobody else needs it\n",
                 static_cast<double>(subject.file_bytes) / kGiB);
  }
  print_batches(subject);
  print_format(
      "\nfrozen  checkpoint  micro   memory   frozen  masters  moments  gradients  "
      "activations  logits  buffers  s a step\n");
  for (const train::StepPlan& plan : plans) print_row(plan, is_own(subject, plan), timed);
  const train::StepPlan* best = train::best_plan(plans);
  if (best == nullptr) {
    print("\nnothing fits\n");
    return;
  }
  if (!timed) return;
  print_format("\nfastest that fits: frozen %s, checkpointed blocks %s, %ld sequences at a time\n",
               std::string(enum_name(best->settings.storage.frozen)).c_str(),
               best->settings.storage.checkpoint_blocks ? "yes" : "no",
               static_cast<long>(best->settings.micro_batch));
}

/// Says what is measured next, since each takes seconds to minutes.
void tell_measuring(const std::string& what) {
  std::fprintf(stderr, "measuring %s ...\n", what.c_str());
}

void tell_speed(const plan::StepShape& part) {
  tell_measuring("the speed of " + std::to_string(part.sequences) + " sequences of " +
                 std::to_string(part.tokens) + " tokens");
}

void plan_here(const PlanArguments& options, const train::RecipePlan& subject) {
  const train::StepProblem& problem = subject.problem;
  const bool fp32 = subject.storage.frozen == surgery::FrozenFormat::kFp32;
  tell_measuring("what the program takes besides a step");
  const int64_t program = program_bytes(subject, fp32);
  const int64_t limit =
      options.memory > 0 ? static_cast<int64_t>(options.memory * kGiB) : machine_memory();
  const auto plans = train::plan_steps(
      problem, fp32, program, limit,
      options.untimed ? train::SpeedOf([](const auto&, const auto&) { return train::StepSpeed(); })
                      : train::speeds_of(problem, tell_speed));
  if (!options.json) {
    print_plans(subject, plans, program, limit, !options.untimed);
    return;
  }
  const bool timed = !options.untimed;
  const train::StepPlan* best = timed ? train::best_plan(plans) : nullptr;
  const auto own = std::ranges::find_if(plans, [&](const auto& p) { return is_own(subject, p); });
  Json list = Json::array();
  for (const train::StepPlan& plan : plans) list.push_back(plan_json(plan, timed));
  print_format("%s\n", Json{{"program", program},
                            {"files", subject.file_bytes},
                            {"limit", limit},
                            {"plans", list},
                            {"recipe", own == plans.end() ? Json() : plan_json(*own, timed)},
                            {"best", best ? plan_json(*best, timed) : Json()}}
                           .dump()
                           .c_str());
}

void plan_devices(const PlanArguments& options, const train::RecipePlan& subject) {
  plan::Cluster cluster = options.cluster;
  if (cluster.data_parallel == 0) cluster.data_parallel = options.devices / cluster.tensor_parallel;
  require(cluster.devices() == options.devices, "--devices",
          "expected tensor-parallel x data-parallel = {} x {}, got {}", cluster.tensor_parallel,
          cluster.data_parallel, options.devices);
  const plan::StepShape& batch = subject.problem.batches.front();
  const plan::StepShape shape = train::with_sequences(
      batch, std::max<int64_t>(batch.sequences / cluster.data_parallel / options.parts, 1));
  const bool fp32 = subject.storage.frozen == surgery::FrozenFormat::kFp32;
  const plan::StepStorage storage{
      fp32 ? surgery::FrozenFormat::kFp32 : surgery::FrozenFormat::kBf16,
      /*checkpoint_blocks=*/true, options.parts > 1};
  const auto plan = plan::plan_cluster(subject.problem.config, shape, options.parts,
                                       subject.problem.training, storage, cluster);
  const double days = kPaperSteps * plan.seconds() / kDay;
  if (options.json) {
    print_format("%s\n", Json{{"devices", cluster.devices()},
                              {"memory", memory_json(plan.memory)},
                              {"flops", plan.flops.total()},
                              {"compute_s", plan.compute},
                              {"tensor_sums_s", plan.tensor_sums},
                              {"gradient_sums_s", plan.gradient_sums},
                              {"seconds", plan.seconds()},
                              {"days_of_500k_steps", days}}
                             .dump()
                             .c_str());
    return;
  }
  print_format("%ld devices: %ld groups of %ld, %ld sequences of %ld tokens each in %ld parts\n",
               static_cast<long>(cluster.devices()), static_cast<long>(cluster.data_parallel),
               static_cast<long>(cluster.tensor_parallel),
               static_cast<long>(shape.sequences * options.parts), static_cast<long>(shape.tokens),
               static_cast<long>(options.parts));
  const double peak = static_cast<double>(plan.memory.peak()) / kGiB;
  print_format("memory of a device: %.1f GiB%s\n", peak,
               options.device_memory <= 0      ? ""
               : peak <= options.device_memory ? ", which fits"
                                               : ", which does not fit");
  print_format(
      "a step: %.3g operations; %.2f s of products, %.2f s of sums within groups, %.2f s "
      "between groups: %.2f s\n",
      plan.flops.total(), plan.compute, plan.tensor_sums, plan.gradient_sums, plan.seconds());
  print_format(
      "500,000 steps (paper, appendix B.1.2): %.1f days; the paper's largest model took "
      "15 days on 1536 devices\n",
      days);
}

void run_plan(const PlanArguments& options) {
  require(options.memory <= kMostGib, "--memory", "expected at most {} GiB, got {}", kMostGib,
          options.memory);
  const train::RecipePlan subject = subject_of(options);
  options.cluster.device_tflops > 0 ? plan_devices(options, subject) : plan_here(options, subject);
}

/// A count of at least `least`.
void add_count(CLI::App& verb, const char* name, int64_t& count, const char* help,
               int64_t least = 1) {
  verb.add_option(name, count, help)->check(CLI::Range(least, kMostCounted))->capture_default_str();
}

void add_preset_options(CLI::App& verb, PlanArguments& options) {
  verb.add_option("--preset", options.preset, "Plan this model instead of a recipe's");
  add_count(verb, "--batch", options.batch, "Preset: sequences a step");
  add_count(verb, "--tokens", options.tokens, "Preset: tokens of a sequence");
  add_count(verb, "--media", options.media, "Preset: media of a sequence", 0);
  add_count(verb, "--frames", options.frames, "Preset: frames of a media item");
}

void add_cluster_options(CLI::App& verb, PlanArguments& options) {
  plan::Cluster& cluster = options.cluster;
  verb.add_option("--device-tflops", cluster.device_tflops,
                  "Plan for devices that reach so many 10^12 operations a second")
      ->check(above_zero());
  add_count(verb, "--devices", options.devices, "How many of them");
  add_count(verb, "--tensor-parallel", cluster.tensor_parallel, "Devices that share each matrix");
  add_count(verb, "--data-parallel", cluster.data_parallel,
            "Groups that share a batch; 0: as many as there are", 0);
  add_count(verb, "--parts", options.parts, "Pieces in which a group does its share");
  verb.add_option("--device-memory", options.device_memory, "GiB of a device")->check(above_zero());
  verb.add_option("--link-gbps", cluster.link_gbps, "10^9 bits a second of its link")
      ->check(above_zero());
}

}  // namespace

void add_plan(CLI::App& app) {
  auto options = std::make_shared<PlanArguments>();
  auto* verb =
      app.add_subcommand("plan", "Predict memory and time of a training step, before it runs");
  add_recipe_options(*verb, options->recipe, "Run configuration of flamingo train",
                     "recipe,--recipe");
  verb->add_option("--memory", options->memory, "GiB that may be used; 0: what the machine has")
      ->check(zero_or_above());
  add_preset_options(*verb, *options);
  add_cluster_options(*verb, *options);
  verb->add_flag("--untimed", options->untimed,
                 "Memory alone: measures no times, which takes long");
  verb->add_flag("--json", options->json, "Print one JSON object");
  set_examples(
      *verb,
      "  flamingo plan recipes/pictogram/flamingo.json --set model=models/pictogram --memory 4\n"
      "  flamingo plan --preset flamingo-80b --batch 1344 --tokens 256 \\\n"
      "    --devices 1536 --tensor-parallel 16 --device-tflops 137 --link-gbps 800");
  verb->callback([options] {
    if (!explained<train::TrainFlamingoRecipe>(options->recipe)) run_plan(*options);
  });
}

}  // namespace flamingo::cli
