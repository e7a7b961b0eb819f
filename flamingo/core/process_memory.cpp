#include "flamingo/core/process_memory.h"

#include <sys/resource.h>
#include <unistd.h>

#include <fstream>

namespace flamingo {

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
