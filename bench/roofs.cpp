#include "bench/roofs.h"

#include <torch/types.h>

#include <algorithm>
#include <atomic>
#include <memory>
#include <numeric>

#include "flamingo/core/memory.h"
#include "flamingo/nn/product.h"

namespace flamingo::bench {
namespace {

/// Far above any last-level cache of a desktop machine.
constexpr size_t kReadBytes = size_t{512} << 20;
constexpr int64_t kSide = 2048;

Roof read_roof(kernels::ThreadPool& pool) {
  constexpr int64_t kPiece = 1 << 16;
  constexpr int64_t kPieces = kReadBytes / sizeof(uint64_t) / kPiece;
  // On large pages, as PackedMatrix has its weights.
  const std::shared_ptr<std::byte[]> block = allocate_large(kReadBytes, "flamingo-bench");
  auto* words = reinterpret_cast<uint64_t*>(block.get());
  std::fill_n(words, kPieces * kPiece, uint64_t{1});
  const auto total = std::make_shared<std::atomic<uint64_t>>(0);
  return {"read", "GB", static_cast<double>(kReadBytes) / 1e9, [=, &pool, owner = block] {
            pool.parallel_for(kPieces, [&](kernels::Range range, int) {
              const uint64_t* first = words + range.begin * kPiece;
              *total += std::accumulate(first, first + range.size() * kPiece, uint64_t{0});
            });
          }};
}

Roof product_roof(const char* name, at::ScalarType type) {
  const at::Tensor a = torch::randn({kSide, kSide}).to(type);
  const at::Tensor b = torch::randn({kSide, kSide}).to(type);
  return {name, "GFLOP", 2.0 * kSide * kSide * kSide / 1e9, [a, b] {
            const c10::InferenceMode guard;
            nn::matrix_product(a, b);
          }};
}

}  // namespace

Roofs::Roofs(kernels::ThreadPool& pool)
    : read(read_roof(pool)),
      bf16(product_roof("bf16", at::kBFloat16)),
      fp32(product_roof("fp32", at::kFloat)) {}

}  // namespace flamingo::bench
