#pragma once

#include <ATen/core/Tensor.h>

#include "flamingo/parallel/process_group.h"

namespace flamingo::parallel {

/// rows [n, ...] of each process, the same n in all -> [size n, ...] of all, in order of ranks,
/// with a gradient through this process's own rows.
///
/// For a loss that every process computes alike from all rows and divides by the group's size: the
/// own rows' gradient comes back times that size, so that the sum of the processes' gradients is
/// that of the whole loss, as if one process had all rows. A group of one returns `rows`.
at::Tensor gather_rows(const at::Tensor& rows, const ProcessGroup& group);

}  // namespace flamingo::parallel
