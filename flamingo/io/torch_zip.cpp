#include "flamingo/io/torch_zip.h"

#include <functional>
#include <optional>
#include <utility>

#include "flamingo/core/error.h"
#include "flamingo/io/pickle.h"
#include "flamingo/io/torch_legacy.h"
#include "flamingo/io/torch_storage.h"
#include "flamingo/io/zip_archive.h"

namespace flamingo::io {
namespace {

using Kind = PickleValue::Kind;

constexpr size_t kMaxDepth = 64;
constexpr uint64_t kMaxVisits = 200'000;
constexpr size_t kMaxName = 4096;
constexpr uint64_t kMaxTorchNameBytes = 16ull << 20;

/// The one top folder that holds data.pkl.
std::string find_root(const ZipArchive& zip, const std::string& where) {
  std::string root;
  for (const auto& [name, entry] : zip.entries()) {
    const size_t slash = name.find('/');
    if (slash == std::string_view::npos || name.substr(slash) != "/data.pkl") continue;
    require(root.empty() && slash > 0, where, "expected one data.pkl in the archive, got several");
    root = name.substr(0, slash);
  }
  require(!root.empty(), where, "expected a data.pkl in the archive, got none",
          Hint{"not a file of torch.save or torch.jit.save"});
  return root;
}

void check_byte_order(ZipArchive& zip, const std::string& root, OwnedBytes& owned,
                      const std::string& where) {
  const std::string name = root + "/byteorder";
  if (!zip.entries().contains(name)) return;  // older files have none and are little endian
  const auto bytes = zip.read(name, owned);
  const std::string_view order(reinterpret_cast<const char*>(bytes.data()), bytes.size());
  require(order == "little", where, "expected a little-endian file, got byte order \"{}\"",
          std::string_view(order).substr(0, 16));
}

/// Visits the leaves of a graph with their dotted names, depth first and without recursion.
class Flattener {
 public:
  using Leaf = std::function<void(const std::string& name, PickleRef ref)>;

  Flattener(const PickleGraph& graph, const std::string& where) : graph_(graph), where_(where) {}

  void run(const Leaf& leaf) {
    const PickleRef root = content(graph_.root);
    if (!is_container(root))
      fail(where_, "expected a dict, list or module at the top, got {}", described(root));
    enter(root);
    while (!frames_.empty()) {
      Frame& frame = frames_.back();
      name_.resize(frame.name_size);
      const PickleValue& container = graph_[frame.container];
      if (frame.next >= container.items.size()) {
        frames_.pop_back();
        continue;
      }
      require(++visits_ <= kMaxVisits, where_, "expected at most 200000 values, got more");
      const std::optional<PickleRef> next = step(frame, container);
      if (!next) continue;
      const PickleRef child = content(*next);
      if (is_container(child)) {
        enter(child);
      } else {
        leaf(name_, child);
      }
    }
  }

 private:
  struct Frame {
    PickleRef container = 0;
    size_t next = 0;       ///< index of the next item
    size_t name_size = 0;  ///< length of the container's own name
  };

  /// Name of the global that a call or an object begins with, or empty.
  std::string maker(PickleRef ref) const {
    const PickleValue& value = graph_[ref];
    if (value.kind != Kind::kCall && value.kind != Kind::kObject) return {};
    const PickleValue& global = graph_[value.items[0]];
    return global.kind == Kind::kGlobal ? graph_.global_name(global) : std::string();
  }

  /// What a call that only tags a list or dict of TorchScript with its type is about; else `ref`.
  PickleRef content(PickleRef ref) const {
    if (graph_[ref].kind != Kind::kCall) return ref;
    const std::string name = maker(ref);
    const bool tags = name == "torch.jit._pickle.restore_type_tag" ||
                      (name.starts_with("torch.jit._pickle.build_") && name.ends_with("list"));
    const auto& arguments = graph_[graph_[ref].items[1]].items;
    return tags && !arguments.empty() ? arguments[0] : ref;
  }

  /// Modules of TorchScript nest; objects of other classes are leaves.
  bool is_container(PickleRef ref) const {
    const Kind kind = graph_[ref].kind;
    if (kind == Kind::kObject) return maker(ref).starts_with("__torch__.");
    return kind == Kind::kDict || kind == Kind::kList || kind == Kind::kTuple;
  }

  std::string described(PickleRef ref) const {
    const std::string name = maker(ref);
    return pickle_kind_name(graph_[ref].kind) + (name.empty() ? "" : " of " + name);
  }

  void enter(PickleRef ref) {
    require(frames_.size() < kMaxDepth, where_, "expected at most 64 levels of nesting, got more");
    const bool is_object = graph_[ref].kind == Kind::kObject;
    frames_.push_back({ref, is_object ? size_t{1} : size_t{0}, name_.size()});  // skips the class
  }

  /// Moves to the next child: appends its name and returns it; nothing where its key is no name, so
  /// that nobody can ask for it.
  std::optional<PickleRef> step(Frame& frame, const PickleValue& container) {
    if (container.kind == Kind::kObject) return container.items[frame.next++];  // its state
    if (container.kind != Kind::kDict) {
      append_name(std::to_string(frame.next));
      return container.items[frame.next++];
    }
    const PickleValue& key = graph_[container.items[frame.next]];
    frame.next += 2;
    if (key.kind != Kind::kInt && key.kind != Kind::kString) return std::nullopt;
    append_name(key.kind == Kind::kInt ? std::to_string(key.integer) : std::string(key.text));
    return container.items[frame.next - 1];
  }

  void append_name(std::string_view part) {
    require(name_.size() + part.size() < kMaxName, where_,
            "expected names of at most 4096 bytes, got a longer one");
    if (!name_.empty()) name_ += '.';
    name_ += part;
    name_bytes_ += name_.size();
    require(name_bytes_ <= kMaxTorchNameBytes, where_,
            "expected at most 16 MiB of names, got more");
  }

  const PickleGraph& graph_;
  const std::string& where_;
  std::vector<Frame> frames_;
  std::string name_;
  uint64_t visits_ = 0;
  uint64_t name_bytes_ = 0;
};

bool is_scalar(Kind kind) {
  return kind == Kind::kBool || kind == Kind::kInt || kind == Kind::kFloat || kind == Kind::kString;
}

TorchScalar to_scalar(const PickleValue& value) {
  if (value.kind == Kind::kBool) return value.integer != 0;
  if (value.kind == Kind::kInt) return value.integer;
  if (value.kind == Kind::kFloat) return value.real;
  return std::string(value.text);
}

/// Says what a foreign file is, which the zip reader cannot.
void refuse_other_forms(std::span<const std::byte> bytes, const std::string& where) {
  const bool is_pickle = bytes.size() >= 2 && bytes[0] == std::byte{0x80};
  require(!is_pickle, where, "expected a file of torch.save, got a bare pickle",
          Hint{"load it in PyTorch and save it again"});
}

/// The storages of an archive: members of its top folder.
class ZipStorages : public TorchStorageBytes {
 public:
  ZipStorages(ZipArchive& zip, const std::string& root, OwnedBytes& owned)
      : zip_(zip), root_(root), owned_(owned) {}

  std::span<const std::byte> read(std::string_view key) override {
    return zip_.read(root_ + "/data/" + std::string(key), owned_);
  }
  uint64_t total() const override {
    uint64_t sum = 0;
    for (const auto& [name, entry] : zip_.entries()) sum += entry.stored.size();
    return sum;
  }

 private:
  ZipArchive& zip_;
  std::string root_;
  OwnedBytes& owned_;
};

}  // namespace

TorchZip TorchZip::open(const std::string& path) {
  auto file = std::make_shared<const MappedFile>(path);
  TorchZip result = parse(file->bytes(), path);
  result.file_ = std::move(file);
  return result;
}

TorchZip TorchZip::parse(std::span<const std::byte> bytes, const std::string& where) {
  const auto owned = std::make_shared<OwnedBytes>();
  if (is_torch_legacy(bytes)) {
    TorchLegacy file(bytes, where);
    return flattened(file.graph(), file, owned, where);
  }
  refuse_other_forms(bytes, where);
  ZipArchive zip = ZipArchive::parse(bytes, where);
  const std::string root = find_root(zip, where);
  check_byte_order(zip, root, *owned, where);
  ZipStorages storages(zip, root, *owned);
  return flattened(parse_pickle(zip.read(root + "/data.pkl", *owned), where), storages, owned,
                   where);
}

TorchZip TorchZip::flattened(const PickleGraph& graph, TorchStorageBytes& file,
                             const std::shared_ptr<OwnedBytes>& owned, const std::string& where) {
  TorchStorages storages(graph, file, *owned);
  TorchZip result;
  result.where_ = where;
  Flattener(graph, where).run([&](const std::string& name, PickleRef ref) {
    const PickleValue& value = graph[ref];
    if (value.kind == Kind::kNone) return;
    const std::string at = where + ": " + name;
    bool is_new = false;
    if (is_scalar(value.kind)) {
      is_new = result.scalars_.emplace(name, to_scalar(value)).second;
    } else if (auto refused = storages.refusal(ref)) {
      is_new = result.refused_.emplace(name, *std::move(refused)).second;
    } else {
      TensorView tensor = storages.tensor(ref, at);
      tensor.name = name;
      is_new = result.index_.emplace(name, result.tensors_.size()).second;
      result.tensors_.push_back(std::move(tensor));
    }
    require(is_new, at, "expected each name once, got a duplicate");
  });
  result.owned_ = owned;
  return result;
}

const TensorView* TorchZip::find(const std::string& name) const {
  const auto refused = refused_.find(name);
  if (refused != refused_.end()) fail(where_ + ": " + name, "{}", refused->second.reason);
  const auto it = index_.find(name);
  return it == index_.end() ? nullptr : &tensors_[it->second];
}

std::vector<TensorView> TorchZip::tensors_under(const std::string& prefix) const {
  const std::string start = prefix + ".";
  std::vector<TensorView> found;
  for (const TensorView& tensor : tensors_) {
    if (!tensor.name.starts_with(start)) continue;
    found.push_back(tensor);
    found.back().name = tensor.name.substr(start.size());
  }
  return found;
}

}  // namespace flamingo::io
