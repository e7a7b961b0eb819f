#include "flamingo/io/torch_storage.h"

#include <algorithm>
#include <array>
#include <cstring>
#include <optional>
#include <utility>

#include "flamingo/core/checked.h"
#include "flamingo/core/error.h"

namespace flamingo::io {

/// Where a tensor's values lie in its storage, in elements.
struct TorchStorages::Layout {
  uint64_t offset = 0;
  std::vector<int64_t> shape;
  std::vector<int64_t> strides;
};

/// Lazy signs of a view: torch keeps a bit instead of computing.
struct TorchStorages::Signs {
  bool negative = false;
  bool conjugate = false;
};

namespace {

using Kind = PickleValue::Kind;

constexpr std::string_view kRebuildTensor = "torch._utils._rebuild_tensor_v2";
constexpr std::string_view kRebuildOfDtype = "torch._utils._rebuild_tensor_v3";
constexpr std::string_view kRebuildParameter = "torch._utils._rebuild_parameter";
constexpr std::string_view kRebuildWithState = "torch._utils._rebuild_parameter_with_state";
constexpr size_t kMaxRank = 8;
constexpr size_t kDtypeArgument = 6;  ///< of _rebuild_tensor_v3

/// What older calls name by their storage's type and newer ones by a dtype.
constexpr std::array<std::pair<std::string_view, DType>, 20> kElementTypes = {
    {{"torch.DoubleStorage", DType::kF64},
     {"torch.FloatStorage", DType::kF32},
     {"torch.HalfStorage", DType::kF16},
     {"torch.BFloat16Storage", DType::kBF16},
     {"torch.LongStorage", DType::kI64},
     {"torch.IntStorage", DType::kI32},
     {"torch.ShortStorage", DType::kI16},
     {"torch.CharStorage", DType::kI8},
     {"torch.ByteStorage", DType::kU8},
     {"torch.BoolStorage", DType::kBool},
     {"torch.ComplexFloatStorage", DType::kC64},
     {"torch.ComplexDoubleStorage", DType::kC128},
     {"torch.uint16", DType::kU16},
     {"torch.uint32", DType::kU32},
     {"torch.uint64", DType::kU64},
     {"torch.float8_e4m3fn", DType::kF8E4M3},
     {"torch.float8_e5m2", DType::kF8E5M2},
     {"torch.float8_e8m0fnu", DType::kF8E8M0},
     {"torch.float8_e4m3fnuz", DType::kF8E4M3Fnuz},
     {"torch.float8_e5m2fnuz", DType::kF8E5M2Fnuz}}};

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

/// Whether calling `global` makes some kind of tensor or array, ours or not.
bool makes_tensor(std::string_view global) {
  return global.starts_with("torch._utils._rebuild") || global.starts_with("torch._tensor.") ||
         global.ends_with("multiarray._reconstruct");
}

/// -x for every whole number of `size` bytes (two's complement).
void negate_integers(std::span<std::byte> bytes, uint64_t size) {
  for (size_t begin = 0; begin < bytes.size(); begin += size) {
    unsigned carry = 1;
    for (std::byte& byte : bytes.subspan(begin, size)) {
      carry += 0xFF & ~std::to_integer<unsigned>(byte);
      byte = static_cast<std::byte>(carry);
      carry >>= 8;
    }
  }
}

/// Turns the sign bit of every float of `size` bytes, from the `first` on, `step` floats apart.
void flip_signs(std::span<std::byte> bytes, uint64_t size, size_t first, size_t step) {
  for (size_t end = (first + 1) * size; end <= bytes.size(); end += step * size) {
    bytes[end - 1] ^= std::byte{0x80};
  }
}

bool is_complex(DType dtype) { return dtype == DType::kC64 || dtype == DType::kC128; }

bool is_whole(DType dtype) {
  return (dtype >= DType::kI64 && dtype <= DType::kU8) ||
         (dtype >= DType::kU16 && dtype <= DType::kU64);
}

/// Computes what the bits of a view left undone.
void resolve_signs(std::span<std::byte> bytes, DType dtype, bool negative, bool conjugate) {
  const uint64_t size = dtype_size(dtype);
  if (is_complex(dtype)) {
    if (negative) flip_signs(bytes, size / 2, 0, 2);
    if (negative != conjugate) flip_signs(bytes, size / 2, 1, 2);
  } else if (is_whole(dtype)) {
    negate_integers(bytes, size);
  } else {
    flip_signs(bytes, size, 0, 1);
  }
}

}  // namespace

std::optional<DType> torch_element_type(std::string_view global) {
  for (const auto& [name, dtype] : kElementTypes) {
    if (name == global) return dtype;
  }
  return std::nullopt;
}

TorchStorages::TorchStorages(const PickleGraph& graph, TorchStorageBytes& file, OwnedBytes& owned)
    : graph_(graph), file_(file), owned_(owned), gather_budget_(file.total()) {}

std::string TorchStorages::callee(PickleRef ref) const {
  const PickleValue& value = graph_[ref];
  if (value.kind != Kind::kCall) return {};
  const PickleValue& global = graph_[value.items[0]];
  return global.kind == Kind::kGlobal ? graph_.global_name(global) : std::string();
}

PickleRef TorchStorages::unwrapped(PickleRef ref) const {
  const std::string name = callee(ref);
  if (name != kRebuildParameter && name != kRebuildWithState) return ref;
  const auto& arguments = graph_[graph_[ref].items[1]].items;
  return arguments.empty() ? ref : arguments[0];
}

std::string TorchStorages::element_type(PickleRef call) const {
  const auto& arguments = graph_[graph_[call].items[1]].items;
  const auto name_of = [&](PickleRef ref) {
    const PickleValue& value = graph_[ref];
    return value.kind == Kind::kGlobal ? graph_.global_name(value) : std::string();
  };
  if (callee(call) == kRebuildOfDtype) {
    return arguments.size() > kDtypeArgument ? name_of(arguments[kDtypeArgument]) : std::string();
  }
  if (arguments.empty() || graph_[arguments[0]].kind != Kind::kPersistent) return {};
  const PickleValue& id = graph_[graph_[arguments[0]].items[0]];
  return id.items.size() > 1 ? name_of(id.items[1]) : std::string();
}

bool TorchStorages::is_expanded(PickleRef call) const {
  const auto& arguments = graph_[graph_[call].items[1]].items;
  if (arguments.size() < 4 || graph_[arguments[0]].kind != Kind::kPersistent ||
      graph_[arguments[2]].kind != Kind::kTuple || graph_[arguments[3]].kind != Kind::kTuple) {
    return false;  // damage shows in tensor()
  }
  const auto& id = graph_[graph_[arguments[0]].items[0]].items;
  const auto& shape = graph_[arguments[2]].items;
  const auto& strides = graph_[arguments[3]].items;
  if (id.size() < 5 || strides.size() != shape.size()) return false;
  double elements = 1;  // exact where it matters
  bool repeats = false;
  for (size_t i = 0; i < shape.size(); ++i) {
    const auto extent = graph_[shape[i]].integer;
    elements *= static_cast<double>(extent);
    repeats = repeats || (extent > 1 && graph_[strides[i]].integer == 0);
  }
  return repeats && elements > static_cast<double>(graph_[id[4]].integer);
}

std::string TorchStorages::description(const PickleValue& value) const {
  if (value.kind == Kind::kGlobal) return "the global " + graph_.global_name(value);
  if (value.kind != Kind::kObject) return pickle_kind_name(value.kind);
  const PickleValue& type = graph_[value.items[0]];
  const bool is_named = type.kind == Kind::kGlobal;
  return "an object of " + (is_named ? graph_.global_name(type) : "an unknown class");
}

std::optional<RefusedTensor> TorchStorages::refusal(PickleRef ref) const {
  const PickleRef call = unwrapped(ref);
  const PickleValue& value = graph_[call];
  const auto refuse = [](const std::string& got, bool is_tensor) {
    return RefusedTensor{"expected a plain tensor, got " + got, is_tensor};
  };
  if (value.kind != Kind::kCall) return refuse(description(value), false);
  const std::string name = callee(call);
  if (name != kRebuildTensor && name != kRebuildOfDtype) {
    return refuse("a call of " + (name.empty() ? "an object" : name), makes_tensor(name));
  }
  const std::string type = element_type(call);
  if (!type.empty() && !torch_element_type(type)) return refuse("elements of " + type, true);
  const auto& arguments = graph_[value.items[1]].items;
  const size_t rank = arguments.size() > 2 ? graph_[arguments[2]].items.size() : 0;
  if (rank > kMaxRank) return refuse("one of " + std::to_string(rank) + " dimensions", true);
  if (is_expanded(call)) return refuse("an expanded view; save a contiguous copy", true);
  return std::nullopt;
}

const PickleValue& TorchStorages::expect(PickleRef ref, Kind kind) const {
  const PickleValue& value = graph_[ref];
  if (value.kind != kind)
    fail(where_, "expected {} in a tensor record, got {}", pickle_kind_name(kind),
         pickle_kind_name(value.kind));
  return value;
}

const std::string& TorchStorages::global_of(PickleRef ref) const {
  return graph_.global_name(expect(ref, Kind::kGlobal));
}

int64_t TorchStorages::count(PickleRef ref) const {
  const int64_t value = expect(ref, Kind::kInt).integer;
  require(value >= 0, where_, "expected extents, strides and offsets >= 0, got {}", value);
  return value;
}

std::vector<int64_t> TorchStorages::extents(PickleRef ref) const {
  const auto& items = expect(ref, Kind::kTuple).items;
  require(items.size() <= kMaxRank, where_, "expected a tensor of at most 8 dimensions, got {}",
          items.size());
  std::vector<int64_t> values;
  for (const PickleRef item : items) values.push_back(count(item));
  return values;
}

TorchStorages::Signs TorchStorages::signs(const std::vector<PickleRef>& arguments,
                                          size_t at) const {
  Signs signs;
  if (arguments.size() <= at || graph_[arguments[at]].kind == Kind::kNone) return signs;
  const auto& items = expect(arguments[at], Kind::kDict).items;
  for (size_t i = 0; i < items.size(); i += 2) {
    const std::string_view name = expect(items[i], Kind::kString).text;
    const bool is_set = expect(items[i + 1], Kind::kBool).integer != 0;
    if (name == "neg") {
      signs.negative = is_set;
    } else if (name == "conj") {
      signs.conjugate = is_set;
    } else {
      fail(where_, "expected neg and conj in a tensor's metadata, got \"{}\"", name);
    }
  }
  return signs;
}

// The persistent id is ("storage", type, key, device, number of elements, or of bytes where the
// storage has no type); before PyTorch 1.6 it ended with the part of another storage that this one
// was, or None.
TorchStorages::Storage TorchStorages::storage(PickleRef ref, DType dtype, bool counts_bytes) {
  const auto& id = expect(expect(ref, Kind::kPersistent).items[0], Kind::kTuple).items;
  const bool is_whole_storage = id.size() == 6 && graph_[id[5]].kind == Kind::kNone;
  require(id.size() == 5 || is_whole_storage, where_,
          "expected a storage of five fields in a tensor record, got {} fields", id.size());
  const std::string_view record = expect(id[0], Kind::kString).text;
  require(record == "storage", where_,
          "expected a storage of five fields in a tensor record, got \"{}\"", record);
  const std::string_view key = expect(id[2], Kind::kString).text;
  const auto [it, is_new] = checked_.try_emplace(key);
  if (is_new) {
    const size_t owned_before = owned_.size();
    it->second = file_.read(key);
    if (owned_.size() != owned_before) gather_budget_ += it->second.size();
  }
  const uint64_t bytes = checked_mul(static_cast<uint64_t>(count(id[4])),
                                     counts_bytes ? 1 : dtype_size(dtype), where_);
  require(bytes <= it->second.size(), where_, "expected {} bytes in storage {}, got {}", bytes, key,
          it->second.size());
  return {dtype, it->second.first(bytes)};
}

std::vector<std::byte>& TorchStorages::gather(const Storage& storage, const Layout& layout) {
  const uint64_t size = dtype_size(storage.dtype);
  const uint64_t numel = checked_numel(layout.shape, where_);
  require(numel <= storage.data.size() / size && numel * size <= gather_budget_, where_,
          "expected strided tensors no larger than the archive, got {} elements", numel,
          Hint{"expanded tensors are not supported; save a contiguous copy"});
  gather_budget_ -= numel * size;
  std::vector<std::byte>& bytes = owned_.emplace_back(numel * size);
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

// The arguments are (storage, offset, shape, strides, requires_grad, hooks[, metadata]), those of
// v3 (..., hooks, dtype[, metadata]).
TensorView TorchStorages::view(PickleRef call) {
  const bool has_dtype = callee(call) == kRebuildOfDtype;
  const size_t least = has_dtype ? 7 : 6;
  const auto& arguments = expect(graph_[call].items[1], Kind::kTuple).items;
  require(arguments.size() == least || arguments.size() == least + 1, where_,
          "expected a tensor record of {} or {} fields, got {}", least, least + 1,
          arguments.size());
  const std::string type = element_type(call);
  const std::optional<DType> dtype = torch_element_type(type);
  require(dtype.has_value(), where_, "expected a storage type in a tensor record, got {}",
          type.empty() ? "none" : type);
  const Storage source = storage(arguments[0], *dtype, has_dtype);
  const Layout layout = {static_cast<uint64_t>(count(arguments[1])), extents(arguments[2]),
                         extents(arguments[3])};
  require(layout.shape.size() == layout.strides.size(), where_,
          "expected one stride per dimension, got {} for {}", layout.strides.size(),
          layout.shape.size());
  const uint64_t size = dtype_size(source.dtype);
  const uint64_t end = end_element(layout.offset, layout.shape, layout.strides, where_);
  if (end > source.data.size() / size)
    fail(where_, "expected a tensor inside its storage of {} elements, got an end at {}",
         source.data.size() / size, end);
  TensorView result{{}, source.dtype, layout.shape, {}};
  const Signs signs = this->signs(arguments, least);
  if (end == 0) return result;  // no elements
  const bool resolves = signs.negative || (signs.conjugate && is_complex(*dtype));
  if (is_contiguous(layout.shape, layout.strides) && !resolves) {
    const uint64_t numel = checked_numel(layout.shape, where_);
    result.data = source.data.subspan(layout.offset * size, numel * size);
    return result;
  }
  std::vector<std::byte>& copy = gather(source, layout);
  if (resolves) resolve_signs(copy, *dtype, signs.negative, signs.conjugate);
  result.data = copy;
  return result;
}

const TensorView& TorchStorages::tensor(PickleRef ref, const std::string& where) {
  where_ = where;
  const auto it = tensors_.find(ref);
  if (it != tensors_.end()) return it->second;
  const std::optional<RefusedTensor> refused = refusal(ref);
  if (refused) fail(where_, "{}", refused->reason);
  return tensors_.emplace(ref, view(unwrapped(ref))).first->second;
}

}  // namespace flamingo::io
