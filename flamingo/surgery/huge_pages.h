#pragma once

#include <torch/nn/module.h>

namespace flamingo::surgery {

/// Moves the parameters of `module` into a few blocks of memory on large pages, in order of
/// registration, for inference: small matrices of their own each would lie on small pages. Shapes,
/// types, values and sharing stay; views taken before keep the old memory. Parameters that are not
/// on the CPU or not contiguous stay where they are. Needs at most 64 MiB, or the largest
/// parameter, beside the weights. Throws Error when memory is out.
void move_to_huge_pages(torch::nn::Module& module);

}  // namespace flamingo::surgery
