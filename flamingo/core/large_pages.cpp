#include "flamingo/core/large_pages.h"

#include <algorithm>
#include <string>

#include "flamingo/core/error.h"

#if defined(__linux__)
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

}  // namespace flamingo
