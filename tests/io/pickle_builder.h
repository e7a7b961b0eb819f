#pragma once

#include <string>
#include <string_view>
#include <vector>

#include "tests/io/byte_builder.h"
#include "tests/io/zip_builder.h"

namespace flamingo::testing {

/// Pieces of pickles, to be joined with +.
inline std::string pickle_text(std::string_view text) {
  return ByteBuilder().text("X").number(static_cast<uint32_t>(text.size())).text(text).str();
}
inline std::string pickle_int(int64_t value) {
  return ByteBuilder().text("\x8a\x08").number(value).str();
}
inline std::string pickle_ints(const std::vector<int64_t>& values) {
  std::string text = "(";
  for (const int64_t value : values) text += pickle_int(value);
  return text + "t";
}
inline std::string pickle_global(std::string_view module, std::string_view name) {
  return "c" + std::string(module) + "\n" + std::string(name) + "\n";
}
/// A whole pickle that leaves `body`.
inline std::string pickle(const std::string& body) { return "\x80\x02" + body + "."; }

/// A tensor record as PyTorch pickles it.
struct TensorRecord {
  std::string type = "FloatStorage";
  std::string key = "0";
  int64_t numel = 6;
  int64_t offset = 0;
  std::vector<int64_t> shape = {2, 3};
  std::vector<int64_t> strides = {3, 1};

  std::string str() const {
    return pickle_global("torch._utils", "_rebuild_tensor_v2") + "((" + pickle_text("storage") +
           pickle_global("torch", type) + pickle_text(key) + pickle_text("cpu") +
           pickle_int(numel) + "tQ" + pickle_int(offset) + pickle_ints(shape) +
           pickle_ints(strides) + "\x89" + pickle_global("collections", "OrderedDict") + ")RtR";
  }
};

/// A PyTorch archive of the pickle `body` and one storage "0" of 24 bytes.
inline std::string torch_archive(const std::string& body,
                                 std::string_view storage = "abcdefghijklmnopqrstuvwx") {
  return ZipBuilder()
      .add("root/data.pkl", pickle(body))
      .add("root/byteorder", "little")
      .add("root/data/0", storage)
      .str();
}

/// The archive of the dict {"w": record}.
inline std::string torch_archive(const TensorRecord& record) {
  return torch_archive("}" + pickle_text("w") + record.str() + "s");
}

}  // namespace flamingo::testing
