#include "flamingo/surgery/huge_pages.h"

#include <torch/types.h>
#include <torch/utils.h>

#include <algorithm>
#include <memory>

#include "flamingo/core/memory.h"

#if defined(__GLIBC__)
#include <malloc.h>
#endif

namespace flamingo::surgery {
namespace {

constexpr size_t kBlockBytes = size_t{64} << 20;
constexpr size_t kAlignment = 64;

/// Gives what was freed since the last block back to the system.
void release_freed_memory() {
#if defined(__GLIBC__)
  malloc_trim(0);
#endif
}

/// Places copies of tensors one after the other; a block lives as long as a tensor in it.
class WeightBlocks {
 public:
  torch::Tensor place(const torch::Tensor& tensor) {
    const size_t bytes = (tensor.nbytes() + kAlignment - 1) / kAlignment * kAlignment;
    if (used_ + bytes > size_) {
      release_freed_memory();
      size_ = std::max(kBlockBytes, bytes);
      used_ = 0;
      block_ = allocate_large(size_, "move_to_huge_pages");
    }
    auto copy = torch::from_blob(
        block_.get() + used_, tensor.sizes(), [owner = block_](void*) {}, tensor.options());
    used_ += bytes;
    return copy.copy_(tensor);
  }

 private:
  std::shared_ptr<std::byte[]> block_;
  size_t size_ = 0;
  size_t used_ = 0;
};

}  // namespace

void move_to_huge_pages(torch::nn::Module& module) {
  const torch::NoGradGuard guard;
  WeightBlocks blocks;
  for (torch::Tensor& parameter : module.parameters()) {
    if (!parameter.device().is_cpu() || !parameter.is_contiguous()) continue;
    parameter.set_data(blocks.place(parameter.detach()));
  }
  release_freed_memory();
}

}  // namespace flamingo::surgery
