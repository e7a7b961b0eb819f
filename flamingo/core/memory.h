#pragma once

#include <cstddef>
#include <cstdint>
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

/// From now on memory that is freed stays with the process, for the next tensor of its size.
/// Given back and taken again at every operation, it would be cleared page by page each time: a
/// training step of 135 million weights took 11.6 s instead of 8.5 s so. For programs, at their
/// start; without effect where the C library is not glibc.
void keep_freed_memory();

/// Bytes of main memory that the machine has.
int64_t machine_memory();
/// Bytes of main memory that this process holds now; 0 where the system does not say.
int64_t resident_bytes();
/// The most it has ever held.
int64_t peak_resident_bytes();

}  // namespace flamingo
