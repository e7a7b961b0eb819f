#include <torch/torch.h>

#include <atomic>
#include <numeric>
#include <vector>

#include "bench/scenario.h"

namespace flamingo::bench {
namespace {

/// Far above any last-level cache of a desktop machine.
constexpr size_t kStreamBytes = size_t{512} << 20;
constexpr int64_t kSide = 2048;

Timing time_read(const Options& options, ThreadPool& pool) {
  const std::vector<uint64_t> memory(kStreamBytes / sizeof(uint64_t), 1);
  constexpr int64_t kPiece = 1 << 16;
  const auto pieces = static_cast<int64_t>(memory.size()) / kPiece;
  std::atomic<uint64_t> total{0};
  return measure(options.seconds, [&] {
    pool.parallel_for(pieces, [&](Range range, int) {
      const auto first = memory.begin() + range.begin * kPiece;
      total += std::accumulate(first, first + range.size() * kPiece, uint64_t{0});
    });
  });
}

Timing time_product(const Options& options, at::ScalarType type) {
  const c10::InferenceMode guard;
  const at::Tensor a = torch::randn({kSide, kSide}).to(type);
  const at::Tensor b = torch::randn({kSide, kSide}).to(type);
  return measure(options.seconds, [&] { at::matmul(a, b); });
}

}  // namespace

Roofs measure_roofs(const Options& options, ThreadPool& pool, Report& report) {
  Roofs roofs;
  const Timing read = time_read(options, pool);
  roofs.read = static_cast<double>(kStreamBytes) / 1e9 / read.best;
  report.add({"roof", "read", "GB", static_cast<double>(kStreamBytes) / 1e9, read, {}});
  const double gflop = 2.0 * kSide * kSide * kSide / 1e9;
  const Timing bf16 = time_product(options, at::kBFloat16);
  roofs.bf16 = gflop / bf16.best;
  report.add({"roof", "bf16 product", "GFLOP", gflop, bf16, {}});
  const Timing fp32 = time_product(options, at::kFloat);
  roofs.fp32 = gflop / fp32.best;
  report.add({"roof", "fp32 product", "GFLOP", gflop, fp32, {}});
  return roofs;
}

}  // namespace flamingo::bench
