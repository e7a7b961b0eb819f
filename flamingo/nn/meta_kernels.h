#pragma once

namespace flamingo::nn {

/// Gives torch's operations that a model needs and that libtorch (unlike PyTorch) leaves without a
/// kernel for the meta device one that makes tensors of the right sizes: there a model then runs,
/// forward and backward, without memory or arithmetic. Operations that have one keep it. May be
/// called again.
void register_meta_kernels();

}  // namespace flamingo::nn
