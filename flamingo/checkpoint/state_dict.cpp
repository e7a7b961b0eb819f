#include "flamingo/checkpoint/state_dict.h"

#include <torch/types.h>

#include <algorithm>
#include <cstring>
#include <filesystem>
#include <memory>

#include "flamingo/core/shape.h"
#include "flamingo/io/checkpoint_files.h"
#include "flamingo/io/safetensors.h"
#include "flamingo/io/torch_zip.h"

namespace flamingo {
namespace {

constexpr size_t kNamesInErrors = 10;

torch::ScalarType scalar_type(DType dtype) {
  switch (dtype) {
    case DType::kF64:
      return torch::kFloat64;
    case DType::kF32:
      return torch::kFloat32;
    case DType::kF16:
      return torch::kFloat16;
    case DType::kBF16:
      return torch::kBFloat16;
    case DType::kI64:
      return torch::kInt64;
    case DType::kI32:
      return torch::kInt32;
    case DType::kI16:
      return torch::kInt16;
    case DType::kI8:
      return torch::kInt8;
    case DType::kU8:
      return torch::kUInt8;
    case DType::kBool:
      return torch::kBool;
  }
  fail("scalar_type",
       "expected a known element type, got " + std::to_string(static_cast<int>(dtype)));
}

DType file_dtype(const at::Tensor& tensor, const std::string& name) {
  for (const DType dtype : {DType::kF64, DType::kF32, DType::kF16, DType::kBF16, DType::kI64,
                            DType::kI32, DType::kI16, DType::kI8, DType::kU8, DType::kBool}) {
    if (scalar_type(dtype) == tensor.scalar_type()) return dtype;
  }
  fail(name, std::string("expected a type that safetensors has, got ") +
                 at::toString(tensor.scalar_type()));
}

/// A tensor over the view's bytes, kept alive by `owner`; a copy where the bytes are not aligned.
at::Tensor tensor_over(const TensorView& view, std::shared_ptr<const void> owner) {
  const auto type = scalar_type(view.dtype);
  const bool aligned = reinterpret_cast<uintptr_t>(view.data.data()) % dtype_size(view.dtype) == 0;
  if (!aligned || view.data.empty()) {
    auto copy = torch::empty(view.shape, type);
    if (!view.data.empty()) std::memcpy(copy.data_ptr(), view.data.data(), view.data.size());
    return copy;
  }
  // from_blob takes a writable pointer; the contract of load_state_dict forbids writing.
  return torch::from_blob(
      const_cast<std::byte*>(view.data.data()), view.shape, [owner](void*) {}, type);
}

/// File is Safetensors or TorchZip: anything with tensors() whose views live as long as it does.
template <class File>
void add_file(const std::string& path, StateDict& weights) {
  const auto file = std::make_shared<const File>(File::open(path));
  for (const TensorView& view : file->tensors()) {
    const bool added = weights.emplace(view.name, tensor_over(view, file)).second;
    require(added, path, "expected each weight in one shard, got " + view.name + " again");
  }
}

bool is_listed(const std::string& name, const std::vector<std::string>& prefixes) {
  return std::any_of(prefixes.begin(), prefixes.end(),
                     [&](const std::string& prefix) { return name.starts_with(prefix); });
}

/// "3 weights (a, b, c)"; at most ten names.
std::string list_of(const std::vector<std::string>& names) {
  std::string text =
      std::to_string(names.size()) + (names.size() == 1 ? " weight (" : " weights (");
  for (size_t i = 0; i < std::min(names.size(), kNamesInErrors); ++i) {
    text += (i ? ", " : "") + names[i];
  }
  return text + (names.size() > kNamesInErrors ? ", ...)" : ")");
}

/// Throws Error unless `weight` can be copied into `parameter`.
void check_weight(const std::string& name, const at::Tensor& parameter, const at::Tensor& weight,
                  const std::string& where) {
  require(!parameter.is_meta(), where, "expected memory for " + name + ", got the meta device");
  require(parameter.sizes() == weight.sizes(), where,
          "expected " + name + " of shape " + shape_text(parameter.sizes()) + ", got " +
              shape_text(weight.sizes()));
  require(!weight.is_floating_point() || at::isfinite(weight).all().item<bool>(), where,
          "expected finite numbers, got NaN or infinity in " + name);
}

/// The module's parameters and the file's weights, put side by side.
struct Match {
  std::vector<std::pair<at::Tensor, at::Tensor>> pairs;  ///< (parameter, weight)
  std::vector<std::string> missing;
  std::vector<std::string> unexpected;
  int64_t frozen = 0;
};

Match match(const StateDict& parameters, const StateDict& weights, const LoadRules& rules,
            const std::string& where) {
  Match result;
  for (const auto& [name, parameter] : parameters) {
    const auto found = weights.find(name);
    if (found != weights.end()) {
      check_weight(name, parameter, found->second, where);
      result.pairs.emplace_back(parameter, found->second);
    } else if (is_listed(name, rules.elsewhere)) {
      ++result.frozen;
    } else {
      result.missing.push_back(name);
    }
  }
  for (const auto& [name, weight] : weights) {
    if (!parameters.contains(name) && !is_listed(name, rules.ignored))
      result.unexpected.push_back(name);
  }
  return result;
}

}  // namespace

StateDict load_state_dict(const std::string& path) {
  StateDict weights;
  for (const std::string& file : checkpoint_files(path)) {
    if (std::filesystem::path(file).extension() == ".safetensors") {
      add_file<Safetensors>(file, weights);
    } else {
      add_file<TorchZip>(file, weights);
    }
  }
  return weights;
}

StateDict state_dict_of(const torch::nn::Module& module, bool trained_only) {
  StateDict weights;
  for (const auto& item : module.named_parameters()) {
    if (!trained_only || item.value().requires_grad())
      weights.emplace(item.key(), item.value().detach());
  }
  return weights;
}

void save_state_dict(const std::string& path, const StateDict& weights,
                     std::optional<torch::ScalarType> dtype,
                     const std::map<std::string, std::string>& metadata) {
  std::vector<at::Tensor> alive;
  std::vector<TensorView> views;
  for (const auto& [name, weight] : weights) {
    const bool convert = dtype && weight.is_floating_point();
    const auto tensor =
        weight.detach().to(torch::kCPU, convert ? *dtype : weight.scalar_type()).contiguous();
    alive.push_back(tensor);
    views.push_back(
        {.name = name,
         .dtype = file_dtype(tensor, name),
         .shape = tensor.sizes().vec(),
         .data = {static_cast<const std::byte*>(tensor.const_data_ptr()), tensor.nbytes()}});
  }
  write_safetensors(path, views, metadata);
}

std::string LoadReport::text() const {
  return std::to_string(frozen) + " frozen, " + std::to_string(loaded) + " loaded, " +
         std::to_string(missing) + " missing, " + std::to_string(unexpected) + " unexpected";
}

LoadReport load_into(torch::nn::Module& module, const StateDict& weights, const LoadRules& rules,
                     const std::string& where) {
  const Match found = match(state_dict_of(module), weights, rules, where);
  require(found.missing.empty(), where,
          "expected all weights, got none for " + list_of(found.missing));
  require(found.unexpected.empty(), where,
          "expected only the model's weights, got also " + list_of(found.unexpected));
  const torch::NoGradGuard no_grad;
  for (const auto& [parameter, weight] : found.pairs) parameter.copy_(weight);
  return {.loaded = static_cast<int64_t>(found.pairs.size()), .frozen = found.frozen};
}

StateDict strip_prefix(const StateDict& weights, const std::string& prefix) {
  StateDict stripped;
  for (auto it = weights.lower_bound(prefix); it != weights.end() && it->first.starts_with(prefix);
       ++it) {
    stripped.emplace(it->first.substr(prefix.size()), it->second);
  }
  return stripped;
}

}  // namespace flamingo
