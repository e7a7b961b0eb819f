#include "flamingo/nn/meta_kernels.h"

#include <gtest/gtest.h>
#include <torch/types.h>

#include <functional>
#include <vector>

namespace flamingo::nn {
namespace {

using Tensors = std::vector<torch::Tensor>;

struct Operation {
  const char* name;
  Tensors (*run)(const Tensors& inputs);
  std::vector<std::vector<int64_t>> inputs;  ///< shapes
};

/// Index tensors of the meta device hold nothing, so that one serves both devices' sizes.
torch::Tensor indices(const torch::Tensor& like) {
  return torch::zeros({5}, torch::TensorOptions(torch::kInt64).device(like.device()));
}

template <class... T>
Tensors list(const std::tuple<T...>& results) {
  return std::apply([](const auto&... each) { return Tensors{each...}; }, results);
}

const Operation kOperations[] = {
    {"convolution",
     [](const Tensors& in) -> Tensors {
       return {at::conv2d(in[0], in[1], in[2], {2, 1}, {1, 0}, {1, 1}, 2)};
     },
     {{3, 4, 9, 8}, {6, 2, 3, 5}, {6}}},
    {"convolution_backward",
     [](const Tensors& in) {
       return list(at::convolution_backward(in[0], in[1], in[2], at::IntArrayRef{6}, {1, 1}, {1, 1},
                                            {1, 1}, false, {0, 0}, 1, {true, true, true}));
     },
     {{3, 6, 9, 8}, {3, 4, 9, 8}, {6, 4, 3, 3}}},
    {"var_mean of an axis",
     [](const Tensors& in) { return list(at::var_mean(in[0], at::IntArrayRef{-1}, 0, true)); },
     {{3, 4, 5}}},
    {"var_mean of axes",
     [](const Tensors& in) {
       return list(at::var_mean(in[0], at::IntArrayRef{0, 2}, 0, false));
     },
     {{3, 4, 5}}},
    {"var_mean of all",
     [](const Tensors& in) { return list(at::var_mean(in[0], false)); },
     {{3, 4}}},
    {"layer_norm",
     [](const Tensors& in) {
       return list(at::native_layer_norm(in[0], {4, 5}, in[1], in[2], 1e-5));
     },
     {{3, 4, 5}, {4, 5}, {4, 5}}},
    {"layer_norm_backward",
     [](const Tensors& in) {
       return list(at::native_layer_norm_backward(in[0], in[0], {5}, in[1], in[1], in[2], in[2],
                                                  {true, true, true}));
     },
     {{3, 4, 5}, {3, 4, 1}, {5}}},
    {"index_select",
     [](const Tensors& in) -> Tensors { return {at::index_select(in[0], -2, indices(in[0]))}; },
     {{3, 4, 6}}},
    {"embedding_dense_backward",
     [](const Tensors& in) -> Tensors {
       return {at::embedding_dense_backward(in[0], indices(in[0]), 9, -1, false)};
     },
     {{5, 6}}},
    {"where",
     [](const Tensors& in) -> Tensors {
       return {at::where(in[0] > 0, in[1], in[2].to(torch::kBFloat16))};
     },
     {{3, 1, 4}, {2, 4}, {1}}},
    {"pool",
     [](const Tensors& in) -> Tensors {
       return {at::_adaptive_avg_pool2d(in[0], {2, 3}),
               at::_adaptive_avg_pool2d_backward(in[1], in[0])};
     },
     {{3, 4, 9, 8}, {3, 4, 2, 3}}},
    {"roll",
     [](const Tensors& in) -> Tensors { return {at::roll(in[0], {2}, {-1})}; },
     {{2, 3, 4}}},
    {"relu", [](const Tensors& in) -> Tensors { return {at::relu(in[0])}; }, {{2, 3, 4}}},
    {"relu6",
     [](const Tensors& in) -> Tensors { return {at::hardtanh(in[0], 0, 6)}; },
     {{2, 3, 4}}},
    {"relu6_backward",
     [](const Tensors& in) -> Tensors { return {at::hardtanh_backward(in[0], in[1], 0, 6)}; },
     {{2, 3, 4}, {2, 3, 4}}},
};

/// turned: matrices among the inputs lie column by column.
Tensors run_on(const Operation& operation, torch::Device device, bool turned) {
  Tensors inputs;
  for (const auto& shape : operation.inputs) {
    auto input = torch::ones(shape, torch::TensorOptions().device(device));
    if (turned && shape.size() == 3) input = input.transpose(1, 2).contiguous().transpose(1, 2);
    inputs.push_back(input);
  }
  return operation.run(inputs);
}

TEST(MetaKernels, GiveTheExtentsAndTypesOfTheCpu) {
  register_meta_kernels();
  for (const Operation& operation : kOperations) {
    for (const bool turned : {false, true}) {
      SCOPED_TRACE(operation.name);
      const Tensors real = run_on(operation, torch::kCPU, turned),
                    sized = run_on(operation, torch::kMeta, turned);
      ASSERT_EQ(real.size(), sized.size());
      for (size_t i = 0; i < real.size(); ++i) {
        EXPECT_TRUE(sized[i].is_meta());
        EXPECT_EQ(sized[i].sizes(), real[i].sizes());
        EXPECT_EQ(sized[i].strides(), real[i].strides());
        EXPECT_EQ(sized[i].scalar_type(), real[i].scalar_type());
      }
    }
  }
}

TEST(MetaKernels, MayBeRegisteredAgain) {
  register_meta_kernels();
  register_meta_kernels();
}

}  // namespace
}  // namespace flamingo::nn
