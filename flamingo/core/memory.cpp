#include "flamingo/core/memory.h"

#include <sys/resource.h>
#include <unistd.h>

#include <algorithm>
#include <fstream>

#include "flamingo/core/error.h"

#if defined(__linux__)
#include <malloc.h>
#include <sys/mman.h>
#endif

namespace flamingo {

LargeBlock allocate_large(size_t bytes, const char* where) {
  constexpr size_t kPage = size_t{2} << 20;
  const size_t alignment = bytes >= kPage ? kPage : 64;
  const size_t rounded = (std::max<size_t>(bytes, 1) + alignment - 1) / alignment * alignment;
  LargeBlock block(static_cast<std::byte*>(std::aligned_alloc(alignment, rounded)));
  require(block != nullptr, where, "out of memory for {} bytes", bytes);
#if defined(__linux__)
  if (alignment == kPage) madvise(block.get(), rounded, MADV_HUGEPAGE);
#endif
  return block;
}

void keep_freed_memory() {
#ifdef __GLIBC__
  mallopt(M_MMAP_MAX, 0);         // no mapping of its own for a large buffer, which ends with it
  mallopt(M_TRIM_THRESHOLD, -1);  // the heap never shrinks
#endif
}

int64_t machine_memory() { return ::sysconf(_SC_PHYS_PAGES) * ::sysconf(_SC_PAGESIZE); }

int64_t resident_bytes() {
  std::ifstream file("/proc/self/statm");
  int64_t all = 0, resident = 0;
  return file >> all >> resident ? resident * ::sysconf(_SC_PAGESIZE) : 0;
}

int64_t peak_resident_bytes() {
  rusage usage{};
  constexpr int64_t kUnit = 1024;  // Linux counts in KiB
  return ::getrusage(RUSAGE_SELF, &usage) == 0 ? usage.ru_maxrss * kUnit : 0;
}

}  // namespace flamingo
