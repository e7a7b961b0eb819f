#include "flamingo/cli/run_options.h"

#include <ATen/Parallel.h>

#include <algorithm>
#include <chrono>
#include <cstdio>

#include "flamingo/cli/media_limits.h"
#include "flamingo/cli/output.h"
#include "flamingo/cli/verbs.h"
#include "flamingo/generate/fused_step_decoder.h"

namespace flamingo::cli {
namespace {

constexpr int kMostThreads = 1024;
constexpr double kMostFps = 1000;

torch::ScalarType scalar_type_of(const std::string& name) {
  if (name == "bf16") return torch::kBFloat16;
  if (name == "fp32") return torch::kFloat32;
  fail("--dtype", "expected bf16 or fp32, got \"{}\"", name);
}

void warn_of_damage(const std::vector<generate::PreparedMediaItem>& media) {
  for (const auto& media_item : media) {
    if (!media_item.damage.empty())
      std::fprintf(stderr, "flamingo: warning: %s\n", media_item.damage.c_str());
  }
}

/// What load_media would refuse once there is a clip.
void check_frames(const generate::FrameSampling& frames) {
  if (frames.fps <= 0 || frames.fps > kMostFps)
    fail("--fps", "expected a number in (0, 1000], got {}", Json(frames.fps).dump());
  const int64_t most = frames.limits.video.max_frames;
  require(frames.frames >= 0 && frames.frames <= most, "--frames",
          "expected a number in [0, {}], got {}", most, frames.frames);
}

/// The option that sets a field of SamplingConfig: --top-k sets top_k.
std::string option_of(std::string field) {
  if (field == "temperature") return "--temp";
  std::ranges::replace(field, '_', '-');
  return "--" + field;
}

double per_second(int64_t count, double seconds) {
  return seconds > 0 ? static_cast<double>(count) / seconds : 0.0;
}

}  // namespace

void add_model_options(CLI::App& app, RunOptions& options, const char* json_help) {
  app.add_option("-m,--model", options.model, "Folder of a model (native or IDEFICS)")
      ->capture_default_str();
  app.add_option("--lm", options.lm,
                 "GGUF of the frozen language model, if not where the model says");
  app.add_option("--dtype", options.dtype, "Arithmetic: bf16 or fp32")->capture_default_str();
  app.add_option("-t,--threads", options.threads, "CPU threads; 0 = all")->capture_default_str();
  app.add_flag("--json", options.json, json_help);
}

void add_run_options(CLI::App& app, RunOptions& options, const char* json_help) {
  add_model_options(app, options, json_help);
  auto& generate = options.generate;
  auto& sampling = generate.sampling;
  app.add_option("--decoder", options.decoder,
                 "Token by token: fused (fast) or plain (the model's own forward)")
      ->check(CLI::IsMember({"fused", "plain"}))
      ->capture_default_str();
  app.add_option("-n,--predict", generate.max_tokens, "Most tokens of an answer")
      ->capture_default_str();
  app.add_option("-s,--seed", sampling.seed, "Seed of the sampling")->capture_default_str();
  app.add_option("--temp", sampling.temperature, "Temperature; 0 = greedy")->capture_default_str();
  app.add_option("--top-k", sampling.top_k, "Keep the k most likely tokens; 0 = all")
      ->capture_default_str();
  app.add_option("--top-p", sampling.top_p, "Keep the smallest set with this probability")
      ->capture_default_str();
  app.add_option("--min-p", sampling.min_p, "Drop tokens below this share of the likeliest")
      ->capture_default_str();
  app.add_option("--repeat-penalty", sampling.repeat_penalty, "Above 1: discourage repeats")
      ->capture_default_str();
  app.add_option("--stop", generate.stop, "Stop before this text (may be given more than once)");
  auto* fps = app.add_option("--fps", options.frames.fps, "Frames a second taken from clips")
                  ->capture_default_str();
  app.add_option("--frames", options.frames.frames, "Exactly this many frames per clip instead")
      ->excludes(fps);
  add_media_limits(app, options.frames.limits);
}

void check_options(const RunOptions& options) {
  const auto& generate = options.generate;
  require(!options.model.empty(), "--model", "expected a folder, got an empty path");
  require(options.threads >= 0 && options.threads <= kMostThreads, "--threads",
          "expected a number in [0, {}], got {}", kMostThreads, options.threads);
  check_frames(options.frames);
  require(generate.max_tokens > 0, "--predict", "expected a number > 0, got {}",
          generate.max_tokens);
  scalar_type_of(options.dtype);
  if (const auto wrong = generate.sampling.fault())
    fail(option_of(wrong->field), "expected {}", wrong->expected);
}

void apply_options(const RunOptions& options) {
  check_options(options);
  if (options.threads > 0) at::set_num_threads(options.threads);
}

generate::ModelBundle open_bundle(const RunOptions& options) {
  apply_options(options);
  generate::ModelBundle bundle = generate::open_model(
      options.model, {.lm_path = options.lm, .compute = scalar_type_of(options.dtype)});
  bundle.model->vision_encoder->fold(scalar_type_of(options.dtype));  // nothing learns here
  for (const std::string& warning : bundle.warnings)
    std::fprintf(stderr, "flamingo: warning: %s\n", warning.c_str());
  return bundle;
}

generate::GenerateOptions generate_options(const RunOptions& options,
                                           const generate::ModelBundle& bundle) {
  generate::GenerateOptions generate = options.generate;
  generate.stop_ids = bundle.stop_ids;
  generate.banned_ids = bundle.banned_ids;
  generate.cancel = &stop_requested();
  return generate;
}

std::vector<generate::PreparedMediaItem> read_media(const RunOptions& options,
                                                    const prompt::Prompt& prompt) {
  if (prompt.media().empty()) return {};
  auto media =
      generate::load_media(prompt, generate::read_transform(options.model), options.frames);
  warn_of_damage(media);
  return media;
}

std::shared_ptr<generate::StepDecoder> step_decoder_for(const generate::ModelBundle& bundle,
                                                        const RunOptions& options) {
  if (options.decoder == "plain" || !generate::FusedStepDecoder::supports(bundle.model)) {
    return std::make_shared<generate::ModelStepDecoder>(bundle.model);
  }
  return std::make_shared<generate::FusedStepDecoder>(bundle.model, bundle.lm_file.get(),
                                                      kernels::InputMode::kExact);
}

Running start_model(const RunOptions& options) {
  const auto start = std::chrono::steady_clock::now();
  auto bundle = open_bundle(options);
  auto decoder = step_decoder_for(bundle, options);
  const std::chrono::duration<double> taken = std::chrono::steady_clock::now() - start;
  return {std::move(bundle), std::move(decoder), taken.count()};
}

void print_json(const Json& json) {
  print(json.dump(-1, ' ', false, Json::error_handler_t::replace) + "\n");
}

std::string cut_text(const generate::GenerateResult& result, const RunOptions& options) {
  if (result.finish != generate::FinishReason::kLength) return {};
  if (result.context_full) return "the answer was cut at the end of the model's context";
  return "the answer was cut at " + std::to_string(options.generate.max_tokens) +
         " tokens; -n sets how many";
}

Json answer_json(const generate::GenerateResult& result, double load_s) {
  return {{"text", result.text},
          {"ids", result.ids},
          {"finish_reason", std::string(enum_name(result.finish))},
          {"timings", timings_json(result.timings, load_s)}};
}

std::string timings_text(const generate::GenerateTimings& t) {
  char line[256];
  std::snprintf(line, sizeof line,
                "vision %.0f ms (%ld new, %ld kept), prefill %ld tokens in %.0f ms (%.0f/s), "
                "decode %ld tokens in %.0f ms (%.0f/s)",
                t.vision_s * 1e3, static_cast<long>(t.media_encoded),
                static_cast<long>(t.media_reused), static_cast<long>(t.prompt_tokens),
                t.prefill_s * 1e3, per_second(t.prompt_tokens, t.prefill_s),
                static_cast<long>(t.generated_tokens), t.decode_s * 1e3,
                per_second(t.generated_tokens, t.decode_s));
  return line;
}

Json timings_json(const generate::GenerateTimings& t, double load_s) {
  return {{"load_ms", load_s * 1e3},
          {"vision_ms", t.vision_s * 1e3},
          {"media_encoded", t.media_encoded},
          {"media_reused", t.media_reused},
          {"prompt_n", t.prompt_tokens},
          {"prompt_ms", t.prefill_s * 1e3},
          {"prompt_per_second", per_second(t.prompt_tokens, t.prefill_s)},
          {"predicted_n", t.generated_tokens},
          {"predicted_ms", t.decode_s * 1e3},
          {"predicted_per_second", per_second(t.generated_tokens, t.decode_s)}};
}

}  // namespace flamingo::cli
