#pragma once

#include <deque>
#include <map>
#include <memory>
#include <string>
#include <vector>

#include "flamingo/io/pickle.h"
#include "flamingo/io/tensor_view.h"
#include "flamingo/io/zip_archive.h"

namespace flamingo {

/// Bytes that no map holds: strided tensors, gathered. A deque, so that they never move.
using OwnedBytes = std::deque<std::vector<std::byte>>;

/// Turns the tensor calls of a PyTorch pickle into views of the archive's storages.
class TorchStorages {
 public:
  /// `root`: the archive's top folder; graph and zip must outlive this object.
  TorchStorages(const PickleGraph& graph, const ZipArchive& zip, std::string root);

  /// The nameless view that a `_rebuild_tensor_v2` or `_rebuild_parameter` call stands for;
  /// `where` names it in errors.
  /// Throws Error on any other value, on a view that leaves its storage or covers it more than
  /// once, and when strided tensors need more bytes together than the archive stores.
  const TensorView& tensor(PickleRef ref, const std::string& where);

  /// Whether a pickle may name this global: the calls and storage types above, OrderedDict and
  /// TorchScript classes (which stay inert).
  static bool is_allowed_global(std::string_view global);

  /// The gathered bytes, which the views of strided tensors point to.
  std::shared_ptr<const OwnedBytes> owned() const { return owned_; }

 private:
  struct Storage {
    DType dtype = DType::kF32;
    std::span<const std::byte> data;
  };
  struct Layout;

  const PickleValue& expect(PickleRef ref, PickleValue::Kind kind) const;
  const std::string& global_of(PickleRef ref) const;
  std::vector<int64_t> extents(PickleRef ref) const;
  int64_t count(PickleRef ref) const;
  Storage storage(PickleRef ref);
  TensorView view(const std::vector<PickleRef>& arguments);
  std::span<const std::byte> gather(const Storage& storage, const Layout& layout);

  const PickleGraph& graph_;
  const ZipArchive& zip_;
  std::string root_;
  std::string where_;                                               ///< the tensor at hand
  std::map<std::string_view, std::span<const std::byte>> checked_;  ///< CRC checked, by key
  std::map<PickleRef, TensorView> tensors_;
  std::shared_ptr<OwnedBytes> owned_ = std::make_shared<OwnedBytes>();
  uint64_t gather_budget_ = 0;  ///< bytes that strided tensors may still take
};

}  // namespace flamingo
