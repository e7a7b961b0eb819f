#include "flamingo/parallel/gather_rows.h"

#include <ATen/Functions.h>

#include <vector>

#include "flamingo/core/error.h"

namespace flamingo::parallel {

at::Tensor gather_rows(const at::Tensor& rows, const ProcessGroup& group) {
  require(rows.dim() > 0, "gather_rows", "expected rows, got a scalar");
  const int64_t size = group.size();
  if (size == 1) return rows;
  const auto all = group.all_gather(rows.detach());  // [size, n, ...]
  const auto own = rows.view_as(rows);
  if (own.requires_grad())
    own.register_hook([size](const at::Tensor& gradient) { return gradient * size; });
  std::vector<at::Tensor> pieces;
  for (int64_t rank = 0; rank < size; ++rank)
    pieces.push_back(rank == group.rank() ? own : all[rank]);
  return at::cat(pieces);
}

}  // namespace flamingo::parallel
