#include "flamingo/train/peak_flops.h"

#include <torch/types.h>

#include <algorithm>
#include <chrono>

#include "flamingo/nn/product.h"

namespace flamingo::train {

double measure_peak_flops(torch::ScalarType type) {
  using Clock = std::chrono::steady_clock;
  constexpr int64_t kSide = 1024;
  constexpr double kBudget = 0.5;  // seconds
  const torch::NoGradGuard no_grad;
  const auto a = torch::randn({kSide, kSide}).to(type), b = torch::randn({kSide, kSide}).to(type);
  nn::matrix_product(a, b);  // the first one prepares
  double best = 0;
  const auto start = Clock::now();
  const auto since = [](Clock::time_point from) {
    return std::chrono::duration<double>(Clock::now() - from).count();
  };
  do {
    const auto begin = Clock::now();
    nn::matrix_product(a, b);
    best = std::max(best, 2.0 * kSide * kSide * kSide / since(begin));
  } while (since(start) < kBudget);
  return best;
}

}  // namespace flamingo::train
