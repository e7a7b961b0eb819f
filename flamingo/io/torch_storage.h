#pragma once

#include <map>
#include <memory>
#include <optional>
#include <string>
#include <vector>

#include "flamingo/io/owned_bytes.h"
#include "flamingo/io/pickle.h"
#include "flamingo/io/tensor_view.h"

namespace flamingo::io {

/// Where the bytes of a PyTorch file's storages are.
class TorchStorageBytes {
 public:
  virtual ~TorchStorageBytes() = default;
  /// Those of the storage called `key`. Throws Error when there is none, or it is damaged.
  virtual std::span<const std::byte> read(std::string_view key) = 0;
  /// Bytes that the file holds.
  virtual uint64_t total() const = 0;
};

/// The element type that a pickle calls by the name of its storage ("torch.FloatStorage") or of its
/// dtype ("torch.uint16").
std::optional<DType> torch_element_type(std::string_view global);

/// Turns the tensor calls of a PyTorch pickle into views of the file's storages.
class TorchStorages {
 public:
  /// graph, file and owned must outlive this object. Bytes that the file does not hold as they are
  /// wanted go to `owned`, where reading a storage may put some too.
  TorchStorages(const PickleGraph& graph, TorchStorageBytes& file, OwnedBytes& owned);

  /// Why `ref` cannot be a tensor here, or nothing: it is a call of something else than
  /// `_rebuild_tensor_v2`, `_rebuild_tensor_v3`, `_rebuild_parameter` and
  /// `_rebuild_parameter_with_state`, a global, an object, its elements have a foreign type, it
  /// has more than 8 dimensions, or it is an expanded view of more elements than its storage has.
  std::optional<RefusedTensor> refusal(PickleRef ref) const;

  /// The nameless view that such a call stands for; `where` names it in errors. Views whose
  /// negative or conjugate bit is set are resolved.
  /// Throws Error on any other value, on a view that leaves its storage or covers it more than
  /// once, and when copies of strided or resolved tensors need more bytes together than the file
  /// holds.
  const TensorView& tensor(PickleRef ref, const std::string& where);

 private:
  /// The elements that tensors are views of.
  struct Storage {
    DType dtype = DType::kF32;
    std::span<const std::byte> data;
  };
  struct Layout;
  struct Signs;

  const PickleValue& expect(PickleRef ref, PickleValue::Kind kind) const;
  const std::string& global_of(PickleRef ref) const;
  /// A value that is no call, in words.
  std::string description(const PickleValue& value) const;
  /// Name of the global that `ref` calls, or empty.
  std::string callee(PickleRef ref) const;
  /// The call inside a parameter's, or `ref` itself.
  PickleRef unwrapped(PickleRef ref) const;
  /// The global that says a tensor call's element type, or empty.
  std::string element_type(PickleRef call) const;
  bool is_expanded(PickleRef call) const;
  std::vector<int64_t> extents(PickleRef ref) const;
  int64_t count(PickleRef ref) const;
  Signs signs(const std::vector<PickleRef>& arguments, size_t at) const;
  Storage storage(PickleRef ref, DType dtype, bool counts_bytes);
  TensorView view(PickleRef call);
  std::vector<std::byte>& gather(const Storage& storage, const Layout& layout);

  const PickleGraph& graph_;
  TorchStorageBytes& file_;
  OwnedBytes& owned_;
  std::string where_;                                               ///< the tensor at hand
  std::map<std::string_view, std::span<const std::byte>> checked_;  ///< CRC checked, by key
  std::map<PickleRef, TensorView> tensors_;
  uint64_t gather_budget_ = 0;  ///< bytes that copies may still take
};

}  // namespace flamingo::io
