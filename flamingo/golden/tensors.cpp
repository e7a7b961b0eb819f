#include "flamingo/golden/tensors.h"

#include <ATen/Functions.h>

#include <algorithm>
#include <limits>

#include "flamingo/core/error.h"
#include "flamingo/golden/rounding.h"

namespace flamingo::golden {

double max_difference(const at::Tensor& got, const at::Tensor& expected, const at::Tensor& rows) {
  if (got.sizes() != expected.sizes()) return std::numeric_limits<double>::infinity();
  auto difference = (got.to(at::kDouble) - expected.to(at::kDouble)).abs();
  if (rows.defined()) {
    auto keep = rows.to(at::kBool);
    while (keep.dim() < difference.dim()) keep = keep.unsqueeze(-1);
    difference = difference.masked_fill(keep.logical_not(), 0.0);
  }
  if (difference.numel() == 0) return 0.0;
  return difference.nan_to_num(std::numeric_limits<double>::infinity()).max().item<double>();
}

double tolerance_of(const at::Tensor& expected, int64_t terms) {
  return rounding<float>(terms, expected.to(at::kDouble).abs().max().item<double>());
}

std::vector<std::filesystem::path> case_folders(const std::filesystem::path& folder) {
  std::vector<std::filesystem::path> cases;
  for (const auto& entry : std::filesystem::directory_iterator(folder / "cases")) {
    if (entry.is_directory()) cases.push_back(entry.path());
  }
  std::sort(cases.begin(), cases.end());
  return cases;
}

void compare_tensors(const std::string& name, const checkpoint::StateDict& got,
                     const checkpoint::StateDict& expected, int64_t terms, Report& report) {
  for (const auto& [key, tensor] : expected) {
    const auto found = got.find(key);
    const double difference = found == got.end() ? std::numeric_limits<double>::infinity()
                                                 : max_difference(found->second, tensor);
    report.close(name + "/" + key, difference, tolerance_of(tensor, terms));
  }
}

Generated generate_greedy(const at::Tensor& first, int64_t count,
                          const std::function<at::Tensor(const at::Tensor& ids)>& step) {
  std::vector<at::Tensor> ids, logits;
  for (int64_t i = 0; i < count; ++i) {
    logits.push_back(i == 0 ? first : step(ids.back()));
    ids.push_back(logits.back().argmax(-1, true));
  }
  return {at::cat(ids, 1), at::stack(logits, 1)};
}

void compare_ids(Report& report, const std::string& name, const at::Tensor& got,
                 const at::Tensor& expected) {
  if (got.sizes() != expected.sizes()) {
    report.exact(name, false, "another shape");
    return;
  }
  const int64_t same = (got == expected).sum().item<int64_t>();
  report.exact(name, same == expected.numel(),
               std::to_string(same) + " of " + std::to_string(expected.numel()) + " ids agree");
}

at::Tensor tensor_at(const checkpoint::StateDict& tensors, const std::string& name,
                     const std::filesystem::path& file) {
  const auto found = tensors.find(name);
  require(found != tensors.end(), file.string(), "expected a tensor {}", name);
  return found->second;
}

}  // namespace flamingo::golden
