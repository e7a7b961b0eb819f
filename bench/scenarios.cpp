#include "bench/scenario.h"

namespace flamingo::bench {
namespace {

/// Seconds of one piece of work before its roof has its turn.
constexpr double kTurn = 0.1;

constexpr Scenario kScenarios[] = {
    {"matvec", "matrix-vector products of every weight type", run_matvec},
    {"vision", "pictures through the default model's encoder", run_vision},
    {"prefill", "512 tokens through the default model", run_prefill},
    {"decode", "64 tokens of the default model, quantised and bf16", run_decode},
    {"train", "one step of training the default model (stage 2)", run_train},
};

}  // namespace

std::span<const Scenario> all_scenarios() { return kScenarios; }

void Context::measure(const Item& item, const Roof& roof, const std::function<void()>& work) {
  work();
  roof.work();
  Stopwatch mine;
  Stopwatch beside;
  while (mine.calls() < 3 || mine.total() < options.seconds) {
    mine.repeat(kTurn, work);
    beside.repeat(kTurn / 2, roof.work);
  }
  report.add(item, mine.timing(), roof, beside.timing());
}

void Context::measure_roofs() {
  for (const Roof* roof : {&roofs.read, &roofs.bf16, &roofs.fp32}) {
    roof->work();
    Stopwatch watch;
    watch.repeat(options.seconds, roof->work);
    report.add(*roof, watch.timing());
  }
}

}  // namespace flamingo::bench
