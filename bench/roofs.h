#pragma once

#include <functional>
#include <string>

#include "bench/timing.h"
#include "flamingo/kernels/thread_pool.h"

namespace flamingo::bench {

/// A limit of this machine: a piece of work that does nothing else than reach it.
struct Roof {
  std::string name;  ///< "read", "bf16", "fp32"
  std::string unit;  ///< "GB" or "GFLOP"
  double amount = 0.0;
  std::function<void()> work;  ///< `amount` units, on all threads
};

/// The roofs of this machine with the threads of `pool` and of torch.
struct Roofs {
  explicit Roofs(kernels::ThreadPool& pool);

  Roof read;  ///< streaming from memory
  Roof bf16;  ///< a large matrix product
  Roof fp32;  ///< a large matrix product
};

}  // namespace flamingo::bench
