#pragma once

#include <functional>
#include <span>
#include <string>

#include "bench/report.h"
#include "bench/roofs.h"
#include "flamingo/kernels/thread_pool.h"

namespace flamingo::bench {

/// What the command line says.
struct Options {
  int threads = 2;
  double seconds = 2.0;  ///< measuring time of one line, without its roof
  std::string lm_path = ".deps/lm/SmolLM2-135M-Instruct.Q4_1.gguf";
  bool json = false;
  std::string data = "build/data";  ///< of make data
  std::string turns;                ///< a folder to train from in turns with another program
  std::string type = "bf16";        ///< of these steps
};

/// What a scenario gets.
struct Context {
  const Options& options;
  const Roofs& roofs;
  kernels::ThreadPool& pool;
  Report& report;

  /// Times `work` and `roof` in turns, so that a machine whose speed changes (shared, throttled)
  /// treats both alike, and reports the turn of the median fraction.
  void measure(const Item& item, const Roof& roof, const std::function<void()>& work);
  /// Times and reports the roofs alone.
  void measure_roofs();
};

/// A group of measurements. To add one: write its function in a file of its own, declare it below
/// and list it in scenarios.cpp.
struct Scenario {
  const char* name;
  const char* help;
  void (*run)(Context& context);
};

std::span<const Scenario> all_scenarios();

/// Matrix-vector products of every weight type, against the read roof.
void run_matvec(Context& context);
/// Pictures through the default model's encoder and EfficientNet-Lite2, against the roof of their
/// type.
void run_vision(Context& context);
/// 512 tokens through the default model's own forward, against the bf16 roof.
void run_prefill(Context& context);
/// 64 tokens through FusedStepDecoder, with bf16 weights and the LM's GGUF, against the read roof.
void run_decode(Context& context);
/// One step of the default model's training between frozen parts, against the bf16 roof.
void run_train(Context& context);
/// Documents read, decoded and tokenised beside a step, against what a step on them consumes.
void run_loader(Context& context);

}  // namespace flamingo::bench
