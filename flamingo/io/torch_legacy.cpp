#include "flamingo/io/torch_legacy.h"

#include "flamingo/core/checked.h"
#include "flamingo/core/error.h"
#include "flamingo/io/byte_reader.h"

namespace flamingo::io {
namespace {

using Kind = PickleValue::Kind;

/// The first pickle: protocol 2, the integer 0x1950a86a20f9469cfc6c, its end.
constexpr std::string_view kLegacyMagic =
    "\x80\x02\x8a\x0a\x6c\xfc\x9c\x46\xf9\x20\x6a\xa8\x50\x19.";
constexpr int64_t kLegacyVersion = 1001;

/// Whether the dict at the top has this key, and true for it.
bool says_true(const PickleGraph& graph, std::string_view key) {
  const PickleValue& dict = graph[graph.root];
  if (dict.kind != Kind::kDict) return false;
  for (size_t i = 0; i + 1 < dict.items.size(); i += 2) {
    const PickleValue& value = graph[dict.items[i + 1]];
    if (graph[dict.items[i]].text == key) return value.kind == Kind::kBool && value.integer == 1;
  }
  return false;
}

}  // namespace

bool is_torch_legacy(std::span<const std::byte> bytes) {
  const std::string_view text(reinterpret_cast<const char*>(bytes.data()), bytes.size());
  return text.starts_with(kLegacyMagic);
}

TorchLegacy::TorchLegacy(std::span<const std::byte> bytes, const std::string& where)
    : where_(where) {
  require(is_torch_legacy(bytes), where_, "expected the magic number of torch.save, got another");
  size_t at = kLegacyMagic.size();
  const auto next = [&] {
    PickleGraph graph = parse_first_pickle(bytes.subspan(at), where_);
    at += graph.size;
    return graph;
  };
  const PickleGraph version = next(), machine = next();
  require(version[version.root].integer == kLegacyVersion, where_, "expected version {}, got {}",
          kLegacyVersion, version[version.root].integer);
  require(says_true(machine, "little_endian"), where_,
          "expected a file of a little-endian machine, got another");
  graph_ = next();
  const PickleGraph keys = next();
  read_storages(bytes.subspan(at), keys);
}

void TorchLegacy::read_storages(std::span<const std::byte> bytes, const PickleGraph& keys) {
  const PickleValue& list = keys[keys.root];
  require(list.kind == Kind::kList, where_, "expected the list of storages, got {}",
          pickle_kind_name(list.kind));
  ByteReader reader(bytes, where_);
  const auto known = extents();
  for (const PickleRef ref : list.items) {
    const std::string key(keys[ref].text);
    const auto found = known.find(key);
    require(found != known.end(), where_, "expected storages that a tensor has, got \"{}\"", key);
    const auto elements = reader.read<uint64_t>();
    require(elements == found->second.elements, where_,
            "expected {} elements in storage {}, got {}", found->second.elements, key, elements);
    const auto storage = reader.take(found->second.bytes);
    total_ += storage.size();
    require(storages_.emplace(key, storage).second, where_,
            "expected each storage once, got {} again", key);
  }
  require(reader.remaining() == 0, where_, "expected the end after the last storage, got {} bytes",
          reader.remaining());
}

std::map<std::string_view, TorchLegacy::Extent> TorchLegacy::extents() const {
  std::map<std::string_view, Extent> found;
  for (const PickleValue& value : graph_.values) {
    if (value.kind != Kind::kPersistent) continue;
    const auto& id = graph_[value.items[0]].items;
    require(id.size() == 6, where_, "expected a storage of six fields, got {}", id.size());
    const PickleValue &type = graph_[id[1]], &count = graph_[id[4]];
    const std::string name = type.kind == Kind::kGlobal ? graph_.global_name(type) : "";
    const auto dtype = torch_element_type(name);
    require(dtype.has_value(), where_, "expected a storage of known elements, got \"{}\"", name);
    require(count.kind == Kind::kInt && count.integer >= 0, where_,
            "expected a number of elements, got {}", pickle_kind_name(count.kind));
    const auto elements = static_cast<uint64_t>(count.integer);
    const Extent extent{elements, checked_mul(elements, dtype_size(*dtype), where_)};
    const auto [it, is_new] = found.emplace(graph_[id[2]].text, extent);
    require(is_new || it->second.bytes == extent.bytes, where_,
            "expected one size of storage {}, got {} and {} bytes", it->first, it->second.bytes,
            extent.bytes);
  }
  return found;
}

std::span<const std::byte> TorchLegacy::read(std::string_view key) {
  const auto found = storages_.find(key);
  require(found != storages_.end(), where_, "expected the bytes of storage {}, got none", key);
  return found->second;
}

}  // namespace flamingo::io
