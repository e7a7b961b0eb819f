#pragma once

#include <map>
#include <memory>
#include <string>
#include <variant>
#include <vector>

#include "flamingo/io/mapped_file.h"
#include "flamingo/io/tensor_view.h"
#include "flamingo/io/torch_storage.h"

namespace flamingo::io {

/// A single value next to the tensors, such as the epoch of a training checkpoint.
using TorchScalar = std::variant<bool, int64_t, double, std::string>;

/// One PyTorch .pt, .pth or .bin file, mapped: of torch.save, its zip form or that from before
/// PyTorch 1.6, or a TorchScript archive.
/// Nothing in the file is run: the pickle is read by our own machine, for which calls and objects
/// are data, and which knows a short list of names. Views live as long as this object (or a copy).
///
/// Everything is flattened: {"epoch": 3, "model": {"fc": {"weight": T}}} gives the scalar "epoch"
/// and the tensor "model.fc.weight"; list items are numbered; None is dropped. The modules of a
/// TorchScript archive nest the same way, typed lists and dicts too. Tensors that share a storage
/// share their bytes; strided ones are gathered into row-major copies, and so are those with a
/// negative or conjugate bit, which is resolved. Sparse and quantized tensors, arrays and objects
/// of other classes are passed by and refused when they are asked for.
///
/// Refuses: all that ZipArchive and parse_pickle refuse, views outside their storage, CRC errors,
/// big-endian files, the form of tar files from before PyTorch 0.1.10, bare pickles, another top
/// than a dict, list or TorchScript module, nesting over 64, over 200,000 values, names over 4096
/// bytes or 16 MiB together, and names that occur twice.
class TorchZip {
 public:
  /// Throws Error naming the path and the reason.
  static TorchZip open(const std::string& path);
  /// Parses bytes that must outlive the result; `where` names them in errors.
  static TorchZip parse(std::span<const std::byte> bytes, const std::string& where);

  /// All tensors, in the order of the pickle.
  const std::vector<TensorView>& tensors() const { return tensors_; }
  /// The tensor called `name`, or nullptr. Throws Error when that is a refused value.
  const TensorView* find(const std::string& name) const;
  /// The values that are neither tensors nor scalars here, and why, by name.
  const std::map<std::string, RefusedTensor>& refused() const { return refused_; }
  /// The tensors whose names start with `prefix` + ".", without that part: for example those of
  /// "model_state_dict". Empty when there are none.
  std::vector<TensorView> tensors_under(const std::string& prefix) const;
  const std::map<std::string, TorchScalar>& scalars() const { return scalars_; }

 private:
  /// The values of `graph`, whose storages `file` has; `owned` gets what is gathered.
  static TorchZip flattened(const PickleGraph& graph, TorchStorageBytes& file,
                            const std::shared_ptr<OwnedBytes>& owned, const std::string& where);

  std::shared_ptr<const MappedFile> file_;
  std::string where_;
  std::shared_ptr<const OwnedBytes> owned_;
  std::vector<TensorView> tensors_;
  std::map<std::string, size_t> index_;
  std::map<std::string, TorchScalar> scalars_;
  std::map<std::string, RefusedTensor> refused_;
};

}  // namespace flamingo::io
