#include "flamingo/core/freed_memory.h"

#include <malloc.h>

namespace flamingo {

void keep_freed_memory() {
#ifdef __GLIBC__
  mallopt(M_MMAP_MAX, 0);         // no mapping of its own for a large buffer, which ends with it
  mallopt(M_TRIM_THRESHOLD, -1);  // the heap never shrinks
#endif
}

}  // namespace flamingo
