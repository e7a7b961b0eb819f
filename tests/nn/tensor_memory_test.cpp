#include "flamingo/nn/tensor_memory.h"

#include <c10/core/CPUAllocator.h>
#include <gtest/gtest.h>
#include <torch/types.h>

namespace flamingo::nn {
namespace {

auto deleter_of(const torch::Tensor& tensor) { return tensor.storage().data_ptr().get_deleter(); }

TEST(TensorMemory, LargeTensorsComeFromThePoolAndTheirBlockIsUsedAgain) {
  const auto usual = c10::GetDefaultCPUAllocator()->allocate(64).get_deleter();
  auto before = torch::ones({1 << 20});
  EXPECT_EQ(deleter_of(before), usual);
  keep_tensor_memory();
  EXPECT_EQ(deleter_of(torch::ones({8})), usual);
  auto large = torch::ones({1 << 20});
  EXPECT_NE(deleter_of(large), usual);
  EXPECT_EQ((large + before).sum().item<float>(), 2 << 20);
  const void* block = large.data_ptr();
  large.reset();
  before.reset();  // what was there before goes back where it came from
  EXPECT_EQ(torch::ones({1 << 20}).data_ptr(), block);
}

TEST(TensorMemory, GivesRawMemoryOfAnySizeAndTakesItBack) {
  keep_tensor_memory();
  c10::Allocator& allocator = *c10::GetCPUAllocator();
  for (const size_t bytes : {size_t{8}, size_t{1} << 20}) {
    auto* memory = static_cast<char*>(allocator.raw_allocate(bytes));
    memory[bytes - 1] = 1;
    allocator.raw_deallocate(memory);
  }
}

}  // namespace
}  // namespace flamingo::nn
