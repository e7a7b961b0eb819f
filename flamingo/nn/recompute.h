#pragma once

#include <ATen/core/Tensor.h>

#include <functional>
#include <vector>

namespace flamingo::nn {

/// A deterministic function of tensors of any shapes.
using TensorFunction = std::function<at::Tensor(const std::vector<at::Tensor>& inputs)>;

/// f(inputs), all of any shape, for whose backward pass only the inputs are kept: there f runs once
/// more, and its intermediate results live as long as that takes ("activation checkpointing", Chen
/// et al. 2016). `parameters` are tensors that f reads otherwise and whose gradients are wanted.
/// Values and gradients are those of f itself, bit for bit. f owns what it reads and changes
/// nothing.
at::Tensor recompute(TensorFunction f, const std::vector<at::Tensor>& inputs,
                     const std::vector<at::Tensor>& parameters);

/// Whether this thread runs some f for its backward pass.
bool recomputing();

}  // namespace flamingo::nn
