#include "flamingo/checkpoint/state_dict.h"

#include <torch/types.h>

#include <algorithm>
#include <array>
#include <cstring>
#include <filesystem>
#include <memory>

#include "flamingo/core/shape.h"
#include "flamingo/io/checkpoint_files.h"
#include "flamingo/io/safetensors.h"
#include "flamingo/io/torch_zip.h"

namespace flamingo::checkpoint {
namespace {

constexpr size_t kNamesInErrors = 10;

constexpr std::array<std::pair<io::DType, torch::ScalarType>, 20> kTypes = {
    {{io::DType::kF64, torch::kFloat64},
     {io::DType::kF32, torch::kFloat32},
     {io::DType::kF16, torch::kFloat16},
     {io::DType::kBF16, torch::kBFloat16},
     {io::DType::kI64, torch::kInt64},
     {io::DType::kI32, torch::kInt32},
     {io::DType::kI16, torch::kInt16},
     {io::DType::kI8, torch::kInt8},
     {io::DType::kU8, torch::kUInt8},
     {io::DType::kBool, torch::kBool},
     {io::DType::kU16, torch::kUInt16},
     {io::DType::kU32, torch::kUInt32},
     {io::DType::kU64, torch::kUInt64},
     {io::DType::kF8E4M3, torch::kFloat8_e4m3fn},
     {io::DType::kF8E5M2, torch::kFloat8_e5m2},
     {io::DType::kF8E8M0, torch::kFloat8_e8m0fnu},
     {io::DType::kF8E4M3Fnuz, torch::kFloat8_e4m3fnuz},
     {io::DType::kF8E5M2Fnuz, torch::kFloat8_e5m2fnuz},
     {io::DType::kC64, torch::kComplexFloat},
     {io::DType::kC128, torch::kComplexDouble}}};

torch::ScalarType scalar_type(io::DType dtype) {
  for (const auto& [ours, torchs] : kTypes) {
    if (ours == dtype) return torchs;
  }
  TORCH_INTERNAL_ASSERT(false, "element type ", static_cast<int>(dtype));
}

io::DType file_dtype(const at::Tensor& tensor, const std::string& name) {
  for (const auto& [ours, torchs] : kTypes) {
    if (torchs == tensor.scalar_type()) return ours;
  }
  fail(name, "expected a type that safetensors has, got {}", at::toString(tensor.scalar_type()));
}

/// A tensor over the view's bytes, kept alive by `owner`; a copy where the bytes are not aligned.
at::Tensor tensor_over(const io::TensorView& view, std::shared_ptr<const void> owner) {
  const auto type = scalar_type(view.dtype);
  const bool aligned =
      reinterpret_cast<uintptr_t>(view.data.data()) % io::dtype_size(view.dtype) == 0;
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
void add_file(const std::string& path, const ReadRule& reads, StateDict& weights) {
  const auto file = std::make_shared<const File>(File::open(path));
  for (const auto& [name, refused] : file->refused()) {
    const bool is_read = refused.is_tensor && (!reads || reads(name));
    if (is_read) fail(path + ": " + name, "{}", refused.reason);
  }
  for (const io::TensorView& view : file->tensors()) {
    const bool added = weights.emplace(view.name, tensor_over(view, file)).second;
    require(added, path, "expected each weight in one shard, got {} again", view.name);
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
  require(!parameter.is_meta(), where, "expected memory for {}, got the meta device", name);
  require(parameter.sizes() == weight.sizes(), where, "expected {} of shape {}, got {}", name,
          parameter.sizes(), weight.sizes());
  const io::DType type = file_dtype(weight, name);
  if (!io::is_computable(type))
    fail(where, "expected {} in floats of 16 bits or more, got {}", name, io::dtype_name(type));
  require(!weight.is_floating_point() || at::isfinite(weight).all().item<bool>(), where,
          "expected finite numbers, got NaN or infinity in {}", name);
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

StateDict load_state_dict(const std::string& path, const ReadRule& reads) {
  StateDict weights;
  for (const std::string& file : io::checkpoint_files(path)) {
    if (std::filesystem::path(file).extension() == ".safetensors") {
      add_file<io::Safetensors>(file, reads, weights);
    } else {
      add_file<io::TorchZip>(file, reads, weights);
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
  std::vector<io::TensorView> views;
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
  io::write_safetensors(path, views, metadata);
}

std::string LoadReport::text() const {
  return std::to_string(frozen) + " frozen, " + std::to_string(loaded) + " loaded, " +
         std::to_string(missing) + " missing, " + std::to_string(unexpected) + " unexpected";
}

LoadReport load_into(torch::nn::Module& module, const StateDict& weights, const LoadRules& rules,
                     const std::string& where) {
  const Match found = match(state_dict_of(module), weights, rules, where);
  if (!found.missing.empty())
    fail(where, "expected all weights, got none for {}", list_of(found.missing));
  if (!found.unexpected.empty())
    fail(where, "expected only the model's weights, got also {}", list_of(found.unexpected));
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

}  // namespace flamingo::checkpoint
