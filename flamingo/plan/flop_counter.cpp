#include "flamingo/plan/flop_counter.h"

#include <ATen/core/Tensor.h>
#include <ATen/record_function.h>
#include <torch/csrc/autograd/graph_task.h>

#include <array>
#include <atomic>
#include <memory>
#include <mutex>
#include <string_view>

#include "flamingo/nn/recompute.h"

namespace flamingo::plan {
namespace {

/// torch's observers are plain functions, so that their sums live here, in multiply-adds.
struct Sums {
  std::atomic<int64_t> forward{0}, backward{0}, recomputed{0};

  std::atomic<int64_t>& now() {
    if (nn::recomputing()) return recomputed;
    return torch::autograd::get_current_graph_task_id() >= 0 ? backward : forward;
  }
};

Sums& sums() {
  static Sums all;
  return all;
}

/// Products within a product, such as those that a convolution is made of, are not counted again.
thread_local bool inside_product = false;

/// Multiply-adds per element of the result.
struct Depth : at::ObserverContext {
  explicit Depth(int64_t d) : depth(d) { inside_product = true; }
  ~Depth() override { inside_product = false; }
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
constexpr std::string_view kConvolutionBackward = "aten::convolution_backward";
constexpr size_t kWantedGradients = 10;  // of input, weight and bias

int64_t kernel_depth(const at::Tensor& kernel) { return kernel.numel() / kernel.size(0); }

/// The gradients of input and kernel cost as much as the convolution itself.
std::unique_ptr<at::ObserverContext> begin_convolution_backward(const at::RecordFunction& call) {
  const auto inputs = call.inputs();
  const auto wanted = inputs[kWantedGradients].toBoolList();
  const int64_t each = inputs[0].toTensor().numel() * kernel_depth(inputs[2].toTensor());
  sums().now() += each * ((wanted[0] ? 1 : 0) + (wanted[1] ? 1 : 0));
  return std::make_unique<Depth>(0);
}

std::unique_ptr<at::ObserverContext> begin(const at::RecordFunction& call) {
  if (inside_product) return nullptr;
  const std::string_view name = call.name();
  if (name == kConvolutionBackward) return begin_convolution_backward(call);
  for (const Product& product : kProducts) {
    if (product.name != name) continue;
    const at::Tensor& tensor = call.inputs()[product.input].toTensor();
    return std::make_unique<Depth>(product.axis == kKernel ? kernel_depth(tensor)
                                                           : tensor.size(product.axis));
  }
  return nullptr;
}

void end(const at::RecordFunction& call, at::ObserverContext* context) {
  if (context == nullptr || call.outputs().empty()) return;
  const int64_t depth = static_cast<Depth*>(context)->depth;
  if (depth > 0) sums().now() += depth * call.outputs()[0].toTensor().numel();
}

/// The observer is there while any counter lives.
struct Observer {
  std::mutex mutex;
  int64_t counters = 0;
  at::CallbackHandle handle{};
};

Observer& observer() {
  static Observer one;
  return one;
}

Flops flops_so_far() {
  const auto flops = [](const std::atomic<int64_t>& sum) { return 2.0 * static_cast<double>(sum); };
  return {flops(sums().forward), flops(sums().backward), flops(sums().recomputed)};
}

}  // namespace

Flops Flops::operator-(const Flops& other) const {
  return {forward - other.forward, backward - other.backward, recomputed - other.recomputed};
}

Flops Flops::times(double count) const {
  return {forward * count, backward * count, recomputed * count};
}

FlopCounter::FlopCounter() {
  const std::scoped_lock lock(observer().mutex);
  if (observer().counters++ == 0) {
    observer().handle = at::addGlobalCallback(at::RecordFunctionCallback(begin, end)
                                                  .needsInputs(true)
                                                  .needsOutputs(true)
                                                  .scopes({at::RecordScope::FUNCTION}));
  }
  before_ = flops_so_far();
}

FlopCounter::~FlopCounter() {
  const std::scoped_lock lock(observer().mutex);
  if (--observer().counters == 0) at::removeCallback(observer().handle);
}

Flops FlopCounter::flops() const { return flops_so_far() - before_; }

}  // namespace flamingo::plan
