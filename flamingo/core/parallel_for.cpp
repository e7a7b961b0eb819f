#include "flamingo/core/parallel_for.h"

#include <atomic>
#include <exception>
#include <mutex>
#include <thread>
#include <vector>

namespace flamingo {

void parallel_for(size_t count, int64_t threads, const std::function<void(size_t)>& work) {
  std::atomic<size_t> next{0};
  std::mutex mutex;
  std::exception_ptr error;
  const auto run = [&] {
    try {
      for (size_t i = next++; i < count; i = next++) work(i);
    } catch (...) {
      const std::lock_guard lock(mutex);
      if (!error) error = std::current_exception();
      next = count;
    }
  };
  std::vector<std::jthread> pool;
  for (int64_t i = 1; i < threads; ++i) pool.emplace_back(run);
  run();
  pool.clear();  // joins
  if (error) std::rethrow_exception(error);
}

}  // namespace flamingo
