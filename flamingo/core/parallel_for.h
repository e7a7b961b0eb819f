#pragma once

#include <cstddef>
#include <cstdint>
#include <functional>

namespace flamingo {

/// Calls work(i) once for every i below `count`, in no order, on `threads` threads of which the
/// caller's is one. An exception lets no further i begin; the first one is thrown again once all
/// threads are done. For work of milliseconds and more: kernels/thread_pool keeps its threads.
void parallel_for(size_t count, int64_t threads, const std::function<void(size_t)>& work);

}  // namespace flamingo
