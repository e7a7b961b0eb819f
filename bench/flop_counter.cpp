#include "bench/flop_counter.h"

#include <ATen/core/Tensor.h>
#include <ATen/record_function.h>

#include <array>
#include <atomic>
#include <memory>
#include <string_view>

namespace flamingo::bench {
namespace {

/// torch's observers are plain functions, so that their sum lives here.
std::atomic<int64_t>& multiply_adds() {
  static std::atomic<int64_t> total{0};
  return total;
}

/// Multiply-adds per element of the result.
struct Depth : at::ObserverContext {
  explicit Depth(int64_t d) : depth(d) {}
  int64_t depth;
};

/// An operator, the input that tells its depth, and that input's axis (kKernel: all but the first).
struct Product {
  std::string_view name;
  size_t input;
  int64_t axis;
};
constexpr int64_t kKernel = -1;
constexpr std::array<Product, 8> kProducts = {{{"aten::mm", 0, 1},
                                               {"aten::addmm", 1, 1},
                                               {"aten::addmm_", 1, 1},
                                               {"aten::bmm", 0, 2},
                                               {"aten::baddbmm", 1, 2},
                                               {"aten::mv", 0, 1},
                                               {"aten::addmv", 1, 1},
                                               {"aten::convolution", 1, kKernel}}};

std::unique_ptr<at::ObserverContext> begin(const at::RecordFunction& call) {
  for (const Product& product : kProducts) {
    if (product.name != call.name()) continue;
    const at::Tensor& tensor = call.inputs()[product.input].toTensor();
    return std::make_unique<Depth>(product.axis == kKernel ? tensor.numel() / tensor.size(0)
                                                           : tensor.size(product.axis));
  }
  return nullptr;
}

void end(const at::RecordFunction& call, at::ObserverContext* context) {
  if (context == nullptr || call.outputs().empty()) return;
  multiply_adds() += static_cast<Depth*>(context)->depth * call.outputs()[0].toTensor().numel();
}

}  // namespace

double count_gflop(const std::function<void()>& work) {
  multiply_adds() = 0;
  const auto handle = at::addGlobalCallback(at::RecordFunctionCallback(begin, end)
                                                .needsInputs(true)
                                                .needsOutputs(true)
                                                .scopes({at::RecordScope::FUNCTION}));
  work();
  at::removeCallback(handle);
  return 2e-9 * static_cast<double>(multiply_adds());
}

}  // namespace flamingo::bench
