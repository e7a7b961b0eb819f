#include "flamingo/io/torch_storage.h"

#include <algorithm>
#include <array>
#include <cstring>
#include <optional>
#include <utility>

#include "flamingo/core/checked.h"
#include "flamingo/core/error.h"

namespace flamingo {

/// Where a tensor's values lie in its storage, in elements.
struct TorchStorages::Layout {
  uint64_t offset = 0;
  std::vector<int64_t> shape;
  std::vector<int64_t> strides;
};

namespace {

using Kind = PickleValue::Kind;

constexpr std::string_view kRebuildTensor = "torch._utils._rebuild_tensor_v2";
constexpr std::string_view kRebuildParameter = "torch._utils._rebuild_parameter";
constexpr std::string_view kScriptPrefix = "__torch__.";
constexpr size_t kMaxRank = 8;

constexpr std::array<std::pair<std::string_view, DType>, 10> kStorageTypes = {
    {{"torch.DoubleStorage", DType::kF64},
     {"torch.FloatStorage", DType::kF32},
     {"torch.HalfStorage", DType::kF16},
     {"torch.BFloat16Storage", DType::kBF16},
     {"torch.LongStorage", DType::kI64},
     {"torch.IntStorage", DType::kI32},
     {"torch.ShortStorage", DType::kI16},
     {"torch.CharStorage", DType::kI8},
     {"torch.ByteStorage", DType::kU8},
     {"torch.BoolStorage", DType::kBool}}};

std::optional<DType> storage_dtype(std::string_view global) {
  for (const auto& [name, dtype] : kStorageTypes) {
    if (name == global) return dtype;
  }
  return std::nullopt;
}

bool is_contiguous(const std::vector<int64_t>& shape, const std::vector<int64_t>& strides) {
  int64_t expected = 1;
  for (size_t i = shape.size(); i-- > 0;) {
    if (shape[i] != 1 && strides[i] != expected) return false;
    expected *= shape[i];
  }
  return true;
}

/// One past the last element that the layout touches; 0 for an empty tensor.
uint64_t end_element(uint64_t offset, const std::vector<int64_t>& shape,
                     const std::vector<int64_t>& strides, const std::string& where) {
  uint64_t last = offset;
  for (size_t i = 0; i < shape.size(); ++i) {
    if (shape[i] == 0) return 0;
    const auto steps = static_cast<uint64_t>(shape[i] - 1);
    last = checked_add(last, checked_mul(steps, static_cast<uint64_t>(strides[i]), where), where);
  }
  return checked_add(last, 1, where);
}

}  // namespace

TorchStorages::TorchStorages(const PickleGraph& graph, const ZipArchive& zip, std::string root)
    : graph_(graph), zip_(zip), root_(std::move(root)) {
  for (const auto& [name, entry] : zip.entries()) gather_budget_ += entry.data.size();
}

bool TorchStorages::is_allowed_global(std::string_view global) {
  return global == kRebuildTensor || global == kRebuildParameter ||
         global == "collections.OrderedDict" || storage_dtype(global).has_value() ||
         global.starts_with(kScriptPrefix);
}

const PickleValue& TorchStorages::expect(PickleRef ref, Kind kind) const {
  const PickleValue& value = graph_[ref];
  require(value.kind == kind, where_,
          std::string("expected ") + pickle_kind_name(kind) + " in a tensor record, got " +
              pickle_kind_name(value.kind));
  return value;
}

const std::string& TorchStorages::global_of(PickleRef ref) const {
  return graph_.global_name(expect(ref, Kind::kGlobal));
}

int64_t TorchStorages::count(PickleRef ref) const {
  const int64_t value = expect(ref, Kind::kInt).integer;
  require(value >= 0, where_,
          "expected extents, strides and offsets >= 0, got " + std::to_string(value));
  return value;
}

std::vector<int64_t> TorchStorages::extents(PickleRef ref) const {
  const auto& items = expect(ref, Kind::kTuple).items;
  require(items.size() <= kMaxRank, where_,
          "expected a tensor of at most 8 dimensions, got " + std::to_string(items.size()));
  std::vector<int64_t> values;
  for (const PickleRef item : items) values.push_back(count(item));
  return values;
}

// The persistent id is ("storage", type, key, device, number of elements).
TorchStorages::Storage TorchStorages::storage(PickleRef ref) {
  const auto& id = expect(expect(ref, Kind::kPersistent).items[0], Kind::kTuple).items;
  require(id.size() == 5 && expect(id[0], Kind::kString).text == "storage", where_,
          "expected a storage of five fields in a tensor record, got another record");
  const std::string& type = global_of(id[1]);
  const std::optional<DType> dtype = storage_dtype(type);
  require(dtype.has_value(), where_, "expected a storage type, got " + type);
  const std::string_view key = expect(id[2], Kind::kString).text;
  const auto [it, is_new] = checked_.try_emplace(key);
  if (is_new) it->second = zip_.read(root_ + "/data/" + std::string(key));
  const uint64_t bytes =
      checked_mul(static_cast<uint64_t>(count(id[4])), dtype_size(*dtype), where_);
  require(bytes <= it->second.size(), where_,
          "expected " + std::to_string(bytes) + " bytes in storage " + std::string(key) + ", got " +
              std::to_string(it->second.size()));
  return {*dtype, it->second.first(bytes)};
}

std::span<const std::byte> TorchStorages::gather(const Storage& storage, const Layout& layout) {
  const uint64_t size = dtype_size(storage.dtype);
  const uint64_t numel = checked_numel(layout.shape, where_);
  require(numel <= storage.data.size() / size && numel * size <= gather_budget_, where_,
          "expected strided tensors no larger than the archive, got " + std::to_string(numel) +
              " elements",
          "expanded tensors are not supported; save a contiguous copy");
  gather_budget_ -= numel * size;
  std::vector<std::byte>& bytes = owned_->emplace_back(numel * size);
  std::vector<int64_t> index(layout.shape.size(), 0);
  uint64_t from = layout.offset;
  for (uint64_t to = 0; to < numel; ++to) {
    std::memcpy(bytes.data() + to * size, storage.data.data() + from * size, size);
    for (size_t i = index.size(); i-- > 0;) {  // odometer: the last dimension turns fastest
      from += static_cast<uint64_t>(layout.strides[i]);
      if (++index[i] < layout.shape[i]) break;
      from -= static_cast<uint64_t>(layout.strides[i]) * static_cast<uint64_t>(layout.shape[i]);
      index[i] = 0;
    }
  }
  return bytes;
}

// The arguments are (storage, offset, shape, strides, requires_grad, hooks[, metadata]).
TensorView TorchStorages::view(const std::vector<PickleRef>& arguments) {
  require(arguments.size() == 6 || arguments.size() == 7, where_,
          "expected a tensor record of 6 or 7 fields, got " + std::to_string(arguments.size()));
  const Storage source = storage(arguments[0]);
  const Layout layout = {static_cast<uint64_t>(count(arguments[1])), extents(arguments[2]),
                         extents(arguments[3])};
  require(layout.shape.size() == layout.strides.size(), where_,
          "expected one stride per dimension, got " + std::to_string(layout.strides.size()) +
              " for " + std::to_string(layout.shape.size()));
  const uint64_t size = dtype_size(source.dtype);
  const uint64_t end = end_element(layout.offset, layout.shape, layout.strides, where_);
  require(end <= source.data.size() / size, where_,
          "expected a tensor inside its storage of " + std::to_string(source.data.size() / size) +
              " elements, got an end at " + std::to_string(end));
  TensorView result{{}, source.dtype, layout.shape, {}};
  if (end == 0) return result;  // no elements
  if (is_contiguous(layout.shape, layout.strides)) {
    const uint64_t numel = checked_numel(layout.shape, where_);
    result.data = source.data.subspan(layout.offset * size, numel * size);
  } else {
    result.data = gather(source, layout);
  }
  return result;
}

const TensorView& TorchStorages::tensor(PickleRef ref, const std::string& where) {
  where_ = where;
  const auto it = tensors_.find(ref);
  if (it != tensors_.end()) return it->second;
  PickleRef call = ref;
  if (global_of(expect(call, Kind::kCall).items[0]) == kRebuildParameter) {
    const auto& arguments = expect(graph_[call].items[1], Kind::kTuple).items;
    require(!arguments.empty(), where_, "expected a parameter that holds a tensor, got nothing");
    call = arguments[0];
  }
  const auto& parts = expect(call, Kind::kCall).items;
  const std::string& callee = global_of(parts[0]);
  require(callee == kRebuildTensor, where_, "expected a plain tensor, got a call of " + callee);
  return tensors_.emplace(ref, view(expect(parts[1], Kind::kTuple).items)).first->second;
}

}  // namespace flamingo
