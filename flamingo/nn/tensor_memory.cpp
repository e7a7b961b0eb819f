#include "flamingo/nn/tensor_memory.h"

#include <c10/core/CPUAllocator.h>
#include <c10/core/impl/alloc_cpu.h>

#include "flamingo/core/block_pool.h"

namespace flamingo::nn {
namespace {

constexpr size_t kLarge = 256 << 10;  // bytes from which on a tensor comes from the pool

/// Outlives every tensor.
BlockPool& pool() {
  static auto& pool = *new BlockPool;
  return pool;
}

void free_block(void* memory) { pool().free(memory); }

/// Of memory whose size is forgotten.
void free_any(void* memory) { pool().owns(memory) ? pool().free(memory) : c10::free_cpu(memory); }

class PooledAllocator final : public c10::Allocator {
 public:
  c10::DataPtr allocate(size_t bytes) override {
    if (bytes < kLarge) return c10::GetDefaultCPUAllocator()->allocate(bytes);
    void* memory = pool().allocate(bytes);
    return {memory, memory, free_block, c10::Device(c10::kCPU)};
  }
  c10::DeleterFnPtr raw_deleter() const override { return free_any; }
  void copy_data(void* to, const void* from, std::size_t bytes) const override {
    default_copy_data(to, from, bytes);
  }
};

}  // namespace

void keep_tensor_memory() {
  static PooledAllocator allocator;
  c10::SetCPUAllocator(&allocator, /*priority=*/1);
}

}  // namespace flamingo::nn
