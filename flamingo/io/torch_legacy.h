#pragma once

#include <map>
#include <span>
#include <string>
#include <string_view>

#include "flamingo/io/pickle.h"
#include "flamingo/io/torch_storage.h"

namespace flamingo::io {

/// Whether bytes begin as torch.save wrote them from PyTorch 0.1.10 to 1.5.
bool is_torch_legacy(std::span<const std::byte> bytes);

/// A file of torch.save from before PyTorch 1.6 (and of later ones that were asked for it). Five
/// pickles follow each other: a magic number, the version 1001, what the writer's machine was like,
/// the values, and the keys of the storages; then come the storages in the order of the keys, each
/// as its number of elements (8 bytes) and these.
class TorchLegacy : public TorchStorageBytes {
 public:
  /// Parses bytes that must outlive the result; `where` names them in errors. Throws Error: what
  /// parse_pickle refuses, another version, a big-endian writer, a storage of a type that we do not
  /// know, without bytes or of another size than the values say, bytes after the last one.
  TorchLegacy(std::span<const std::byte> bytes, const std::string& where);

  const PickleGraph& graph() const { return graph_; }
  std::span<const std::byte> read(std::string_view key) override;
  uint64_t total() const override { return total_; }

 private:
  /// What the values say of a storage.
  struct Extent {
    uint64_t elements = 0;
    uint64_t bytes = 0;
  };
  /// Of all storages, by key.
  std::map<std::string_view, Extent> extents() const;
  /// The storages of these keys, which follow each other up to the end of `bytes`.
  void read_storages(std::span<const std::byte> bytes, const PickleGraph& keys);

  std::string where_;
  PickleGraph graph_;
  std::map<std::string, std::span<const std::byte>, std::less<>> storages_;
  uint64_t total_ = 0;
};

}  // namespace flamingo::io
