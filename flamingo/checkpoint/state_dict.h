#pragma once

#include <torch/nn/module.h>

#include <functional>
#include <map>
#include <optional>
#include <string>
#include <vector>

namespace flamingo::checkpoint {

/// Weights by name, in the order of their names.
using StateDict = std::map<std::string, at::Tensor>;

/// Whether the caller looks at the weight of this name; empty: at all of them.
using ReadRule = std::function<bool(const std::string& name)>;

/// All weights of a checkpoint: a .safetensors or torch zip file, or a folder with one of them or
/// its shards (see checkpoint_files). Tensors keep the file's types; those of a safetensors file
/// share its mapping: do not write. Weights that nobody can hold (F4, sparse, quantized by torch)
/// are left out where `reads` says so, and refused elsewhere; those of a type without arithmetic
/// (U32, F8, complex) are refused by load_into. Throws Error naming the file: missing, damaged,
/// such a weight, or one that two shards have.
StateDict load_state_dict(const std::string& path, const ReadRule& reads = {});

/// Every parameter of `module` by name, sharing memory. With trained_only, just those that need
/// gradients.
StateDict state_dict_of(const torch::nn::Module& module, bool trained_only = false);

/// Writes `weights` as one safetensors file, atomically; floating-point tensors as `dtype` (fp32 or
/// bf16; as they are when not given). Throws Error on I/O failure.
void save_state_dict(const std::string& path, const StateDict& weights,
                     std::optional<torch::ScalarType> dtype = {},
                     const std::map<std::string, std::string>& metadata = {});

/// What load_into lets pass; every entry is the start of a name.
struct LoadRules {
  std::vector<std::string> elsewhere;  ///< parameters that another file holds (counted as frozen)
  std::vector<std::string> ignored;    ///< weights of the file that nobody needs
};

/// Counts of tensors.
struct LoadReport {
  int64_t loaded = 0;
  int64_t missing = 0;     ///< 0 unless load_into threw
  int64_t unexpected = 0;  ///< 0 unless load_into threw
  int64_t frozen = 0;      ///< parameters left to another file by LoadRules::elsewhere

  /// "N frozen, M loaded, 0 missing, 0 unexpected".
  std::string text() const;
};

/// Copies `weights` into the parameters of `module`, converting types. Nothing is changed when it
/// throws Error: missing or unexpected names (the first ten are listed), another shape, NaN or
/// infinity, no memory (meta device). `where` names the checkpoint in errors.
LoadReport load_into(torch::nn::Module& module, const StateDict& weights,
                     const LoadRules& rules = {}, const std::string& where = "checkpoint");

/// `weights` whose names start with `prefix`, without it.
StateDict strip_prefix(const StateDict& weights, const std::string& prefix);

}  // namespace flamingo::checkpoint
