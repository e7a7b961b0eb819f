#pragma once

#include <cstddef>
#include <cstdlib>
#include <memory>

namespace flamingo {

/// Frees what std::aligned_alloc gave.
struct FreeMemory {
  void operator()(std::byte* memory) const { std::free(memory); }
};
/// Bytes that are freed with their owner.
using LargeBlock = std::unique_ptr<std::byte[], FreeMemory>;

/// Uninitialised memory for weights, aligned to 64 bytes; blocks of 2 MiB and more lie on pages of
/// that size where the system gives them, which costs fewer TLB misses while the block streams.
/// Throws Error naming `where` when memory is out.
LargeBlock allocate_large(size_t bytes, const char* where);

}  // namespace flamingo
