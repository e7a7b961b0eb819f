#include "bench/scenario.h"

namespace flamingo::bench {
namespace {

constexpr Scenario kScenarios[] = {
    {"matvec", "matrix-vector products of every weight type", run_matvec},
    {"vision", "pictures through the default model's encoder", run_vision},
    {"prefill", "512 tokens through the default model", run_prefill},
    {"decode", "64 tokens of the default model, quantised and bf16", run_decode},
    {"train", "one step of training the default model (stage 2)", run_train},
};

}  // namespace

std::span<const Scenario> all_scenarios() { return kScenarios; }

}  // namespace flamingo::bench
