#pragma once

#include <cstdint>
#include <span>
#include <string>
#include <string_view>
#include <vector>

namespace flamingo::io {

/// Index of a value in its PickleGraph.
using PickleRef = uint32_t;

/// One value that a pickle built. Nothing is ever executed: a call is kept as data.
struct PickleValue {
  /// Which of the members below hold the value.
  enum class Kind : uint8_t {
    kNone,
    kBool,        ///< integer is 0 or 1
    kInt,         ///< integer
    kFloat,       ///< real
    kString,      ///< text
    kList,        ///< items
    kTuple,       ///< items
    kDict,        ///< items: key, value, key, value, ...
    kGlobal,      ///< integer: which of the graph's global_names
    kCall,        ///< items: what is called (a global or a call), the tuple of arguments
    kObject,      ///< items: the class, then its state once BUILD has given one
    kPersistent,  ///< items: the persistent id (a storage in PyTorch files)
    kOther,       ///< bytes, a set or an integer over 64 bits; its content is not kept
  };

  Kind kind = Kind::kNone;
  int64_t integer = 0;
  double real = 0.0;
  std::string_view text;  ///< points into the pickle
  std::vector<PickleRef> items;
};

/// "a dict", "a call", ...: for error messages.
const char* pickle_kind_name(PickleValue::Kind kind);

/// The values of one pickle. Graphs from hostile files may be cyclic: walk them with a depth limit.
struct PickleGraph {
  std::vector<PickleValue> values;
  std::vector<std::string> global_names;  ///< "module.name"
  PickleRef root = 0;
  uint64_t size = 0;  ///< bytes of the pickle, its STOP opcode included

  const PickleValue& operator[](PickleRef ref) const { return values[ref]; }
  /// Name of a kGlobal value.
  const std::string& global_name(const PickleValue& value) const {
    return global_names[static_cast<size_t>(value.integer)];
  }
};

/// Reads a pickle of protocol 1 to 5 without running anything in it: globals are names, calls and
/// objects are kept as data, whoever looks at one decides whether its name is good.
/// `collections.OrderedDict` without arguments and `collections.defaultdict` give a dict; BUILD on
/// a dict or a call, and items added to an object or a call, are dropped. Refuses: opcodes that
/// neither PyTorch nor Python's own pickler writes for such files, over 64 MiB, over 1,000,000
/// opcodes, stack underflow, unknown memo slots, names of globals over 512 bytes, bytes after the
/// end. `bytes` must outlive the result; `where` names them in errors.
PickleGraph parse_pickle(std::span<const std::byte> bytes, const std::string& where);

/// The same of the pickle that `bytes` begin with, whatever follows it.
PickleGraph parse_first_pickle(std::span<const std::byte> bytes, const std::string& where);

}  // namespace flamingo::io
