#include "bench/roofs.h"

#include <torch/torch.h>

#include <algorithm>
#include <atomic>
#include <cstdlib>
#include <memory>
#include <numeric>

#include "flamingo/core/error.h"

#if defined(__linux__)
#include <sys/mman.h>
#endif

namespace flamingo::bench {
namespace {

/// Far above any last-level cache of a desktop machine.
constexpr size_t kReadBytes = size_t{512} << 20;
constexpr size_t kLargePage = size_t{2} << 20;
constexpr int64_t kSide = 2048;

/// Ones, on large pages where the system gives them, as PackedMatrix has its weights.
std::shared_ptr<uint64_t[]> large_block(size_t count) {
  auto* memory = static_cast<uint64_t*>(std::aligned_alloc(kLargePage, count * sizeof(uint64_t)));
  require(memory != nullptr, "flamingo-bench", "out of memory for the read roof");
#if defined(__linux__)
  madvise(memory, count * sizeof(uint64_t), MADV_HUGEPAGE);
#endif
  std::fill_n(memory, count, uint64_t{1});
  return {memory, [](uint64_t* block) { std::free(block); }};
}

Roof read_roof(ThreadPool& pool) {
  constexpr int64_t kPiece = 1 << 16;
  constexpr int64_t kPieces = kReadBytes / sizeof(uint64_t) / kPiece;
  const auto memory = large_block(kPieces * kPiece);
  const auto total = std::make_shared<std::atomic<uint64_t>>(0);
  return {"read", "GB", static_cast<double>(kReadBytes) / 1e9, [=, &pool] {
            pool.parallel_for(kPieces, [&](Range range, int) {
              const uint64_t* first = memory.get() + range.begin * kPiece;
              *total += std::accumulate(first, first + range.size() * kPiece, uint64_t{0});
            });
          }};
}

Roof product_roof(const char* name, at::ScalarType type) {
  const at::Tensor a = torch::randn({kSide, kSide}).to(type);
  const at::Tensor b = torch::randn({kSide, kSide}).to(type);
  return {name, "GFLOP", 2.0 * kSide * kSide * kSide / 1e9, [a, b] {
            const c10::InferenceMode guard;
            at::matmul(a, b);
          }};
}

}  // namespace

Roofs::Roofs(ThreadPool& pool)
    : read(read_roof(pool)),
      bf16(product_roof("bf16", at::kBFloat16)),
      fp32(product_roof("fp32", at::kFloat)) {}

}  // namespace flamingo::bench
