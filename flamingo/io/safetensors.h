#pragma once

#include <map>
#include <memory>
#include <string>
#include <vector>

#include "flamingo/io/checkpoint_files.h"
#include "flamingo/io/mapped_file.h"
#include "flamingo/io/tensor_view.h"

namespace flamingo::io {

/// One .safetensors file, mapped; views point into the map and live as long as this object.
/// Tensors of types that TensorView cannot hold (F4, F6, unknown names) are passed by and refused
/// when they are asked for.
/// Refuses: header over 100 MB, over 100,000 tensors, rank over 8, duplicate names, holes,
/// overlaps, trailing bytes, sizes that do not match shape x dtype.
class Safetensors {
 public:
  /// Throws Error naming the path and the reason.
  static Safetensors open(const std::string& path);
  /// Parses bytes that must outlive the result; `where` names them in errors.
  static Safetensors parse(std::span<const std::byte> bytes, const std::string& where);

  /// All tensors, in the order of their data.
  const std::vector<TensorView>& tensors() const { return tensors_; }
  /// The tensor called `name`, or nullptr. Throws Error when it is a refused one.
  const TensorView* find(const std::string& name) const;
  /// The tensors that no view can hold, and why, by name.
  const std::map<std::string, RefusedTensor>& refused() const { return refused_; }
  const std::map<std::string, std::string>& metadata() const { return metadata_; }

 private:
  std::string where_;
  std::shared_ptr<const MappedFile> file_;
  std::vector<TensorView> tensors_;
  std::map<std::string, size_t> index_;
  std::map<std::string, RefusedTensor> refused_;
  std::map<std::string, std::string> metadata_;
};

/// Writes tensors atomically (temporary file, fsync, rename), widest types first and then by name,
/// so that every tensor is aligned and equal content gives equal bytes.
/// Throws Error on I/O failure, a duplicate name, or bytes that do not match shape x dtype.
void write_safetensors(const std::string& path, const std::vector<TensorView>& tensors,
                       const std::map<std::string, std::string>& metadata = {});

}  // namespace flamingo::io
