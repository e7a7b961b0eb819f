#include "flamingo/plan/meta_memory.h"

#include <ATen/record_function.h>
#include <c10/core/Allocator.h>
#include <torch/csrc/autograd/graph_task.h>

#include <limits>
#include <utility>
#include <vector>

#include "flamingo/nn/meta_kernels.h"
#include "flamingo/nn/recompute.h"

namespace flamingo::plan {

namespace {

/// The graph task of each node of a graph that this thread runs backwards, outermost first.
thread_local std::vector<int> nodes;

bool in_backward() { return torch::autograd::get_current_graph_task_id() >= 0; }

/// Whether the engine itself works, between two nodes.
bool between_nodes() {
  return in_backward() &&
         (nodes.empty() || nodes.back() != torch::autograd::get_current_graph_task_id());
}

std::unique_ptr<at::ObserverContext> begin_node(const at::RecordFunction&) {
  nodes.push_back(torch::autograd::get_current_graph_task_id());
  return nullptr;
}

void end_node(const at::RecordFunction&, at::ObserverContext*) { nodes.pop_back(); }

}  // namespace

/// All blocks that were ever taken, and the moment of the peak: the number of blocks taken and
/// freed until then.
struct MetaMemory::Ledger {
  struct Block {
    int64_t bytes = 0;
    int64_t taken = 0;
    int64_t freed = std::numeric_limits<int64_t>::max();
    StepPart part = StepPart::kWeight;
  };

  size_t take(int64_t bytes) {
    blocks.push_back({.bytes = bytes, .taken = ++moment, .part = part_now()});
    live += bytes;
    // On other devices the engine adds two gradients of one tensor in place; here the first of them
    // is about to go.
    if (live > peak && !between_nodes()) {
      peak = live;
      peak_moment = moment;
    }
    return blocks.size() - 1;
  }
  void free(size_t block) {
    blocks[block].freed = ++moment;
    live -= blocks[block].bytes;
  }
  StepPart part_now() const {
    if (nn::recomputing()) return StepPart::kActivation;
    return in_backward() ? StepPart::kBuffer : part;
  }

  at::CallbackHandle observer =
      at::addThreadLocalCallback(at::RecordFunctionCallback(begin_node, end_node)
                                     .scopes({at::RecordScope::BACKWARD_FUNCTION}));
  std::vector<Block> blocks;
  int64_t moment = 0, live = 0, peak = 0, peak_moment = 0;
  StepPart part = StepPart::kWeight;
};

namespace {

thread_local std::shared_ptr<MetaMemory::Ledger> counted;

/// What a counted storage carries in the place of memory.
struct Carried {
  std::shared_ptr<MetaMemory::Ledger> ledger;
  size_t block;
};

void free_carried(void* context) {
  auto* carried = static_cast<Carried*>(context);
  carried->ledger->free(carried->block);
  delete carried;
}

void free_nothing(void*) {}

/// Of the meta device: takes no memory, and counts what would be taken.
class CountingAllocator : public c10::Allocator {
 public:
  c10::DataPtr allocate(size_t bytes) override {
    if (!counted || bytes == 0) return {nullptr, nullptr, free_nothing, at::kMeta};
    auto* carried = new Carried{counted, counted->take(static_cast<int64_t>(bytes))};
    return {nullptr, carried, free_carried, at::kMeta};
  }
  c10::DeleterFnPtr raw_deleter() const override { return free_nothing; }
  void copy_data(void*, const void*, size_t) const override {}
};

CountingAllocator counting_allocator;
REGISTER_ALLOCATOR(c10::DeviceType::Meta, &counting_allocator);

}  // namespace

MetaMemory::MetaMemory() : ledger_(std::make_shared<Ledger>()) {
  nn::register_meta_kernels();
  counted = ledger_;
}

MetaMemory::~MetaMemory() {
  at::removeCallback(ledger_->observer);
  counted = nullptr;
}

void MetaMemory::enter(StepPart part) { ledger_->part = part; }

void MetaMemory::assign(const at::Tensor& tensor, StepPart part) {
  const c10::DataPtr& data = tensor.storage().data_ptr();
  if (data.get_deleter() != free_carried) return;
  const auto* carried = static_cast<const Carried*>(data.get_context());
  if (carried->ledger == ledger_) ledger_->blocks[carried->block].part = part;
}

void MetaMemory::forget_peak() {
  ledger_->peak = ledger_->live;
  ledger_->peak_moment = ledger_->moment;
}

int64_t MetaMemory::live() const { return ledger_->live; }

int64_t MetaMemory::peak() const { return ledger_->peak; }

int64_t MetaMemory::at_peak(StepPart part) const {
  int64_t sum = 0;
  for (const Ledger::Block& block : ledger_->blocks) {
    const bool there = block.taken <= ledger_->peak_moment && block.freed > ledger_->peak_moment;
    if (there && block.part == part) sum += block.bytes;
  }
  return sum;
}

}  // namespace flamingo::plan
