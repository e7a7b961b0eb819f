#pragma once

namespace flamingo::nn {

/// From now on large tensors in main memory come from a BlockPool. From the C library each would be
/// mapped, cleared page by page and given back at every operation, or, kept there, lie scattered
/// between small values: a run over batches of many sizes then grows to twice the memory it needs.
/// For programs, at their start.
void keep_tensor_memory();

}  // namespace flamingo::nn
