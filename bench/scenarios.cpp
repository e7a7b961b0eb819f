#include "bench/scenario.h"

#include <algorithm>
#include <vector>

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
    {"loader", "sequences from the shards of make data, beside steps on them", run_loader},
};

}  // namespace

std::span<const Scenario> all_scenarios() { return kScenarios; }

void Context::measure(const Item& item, const Roof& roof, const std::function<void()>& work) {
  work();
  roof.work();
  Stopwatch all;
  std::vector<Turn> turns;
  while (turns.size() < 3 || all.total() < options.seconds) {
    Stopwatch mine;
    Stopwatch beside;
    mine.repeat(kTurn, work);
    beside.repeat(kTurn / 2, roof.work);
    turns.push_back({item.roof_amount / mine.timing().best, roof.amount / beside.timing().best});
    all.append(mine);
  }
  const auto median = turns.begin() + std::ssize(turns) / 2;
  std::ranges::nth_element(turns, median, {}, &Turn::fraction);
  report.add(item, all.timing(), roof, *median);
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
