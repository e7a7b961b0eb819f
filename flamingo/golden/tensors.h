#pragma once

#include <filesystem>
#include <functional>
#include <string>
#include <vector>

#include "flamingo/checkpoint/state_dict.h"
#include "flamingo/golden/report.h"

namespace flamingo::golden {

/// Largest |got - expected| of tensors of any shape where `rows` (broadcast from the left,
/// undefined: everywhere) is not 0; infinity when the shapes differ or a number is NaN.
double max_difference(const at::Tensor& got, const at::Tensor& expected,
                      const at::Tensor& rows = {});

/// What a result in float32 may differ by from `expected`, of any shape, with so many terms summed
/// on its way (golden/rounding.h).
double tolerance_of(const at::Tensor& expected, int64_t terms);

/// Folders in <folder>/cases, by name.
std::vector<std::filesystem::path> case_folders(const std::filesystem::path& folder);

/// Compares every tensor of `expected` with the one of its name in `got`, each to the tolerance of
/// so many terms; one that is not there fails. Lines are called "<name>/<tensor>".
void compare_tensors(const std::string& name, const checkpoint::StateDict& got,
                     const checkpoint::StateDict& expected, int64_t terms, Report& report);

/// What greedy decoding gave.
struct Generated {
  at::Tensor ids;     ///< [B, n]
  at::Tensor logits;  ///< [B, n, V], what each id was taken from
};

/// `first` [B, V] are the logits after the prompt; step(ids [B, 1]) -> logits [B, V] goes on.
Generated generate_greedy(const at::Tensor& first, int64_t count,
                          const std::function<at::Tensor(const at::Tensor& ids)>& step);

/// Reports whether two id tensors of any shape are equal, and where they are not.
void compare_ids(Report& report, const std::string& name, const at::Tensor& got,
                 const at::Tensor& expected);

/// A tensor of a fixture, in the shape of its file. Throws Error naming the file when it is
/// missing.
at::Tensor tensor_at(const checkpoint::StateDict& tensors, const std::string& name,
                     const std::filesystem::path& file);

}  // namespace flamingo::golden
