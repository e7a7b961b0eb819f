#include "flamingo/io/checkpoint_files.h"

#include <filesystem>
#include <set>

#include "flamingo/core/config.h"
#include "flamingo/core/error.h"
#include "flamingo/core/file.h"

namespace flamingo::io {
namespace {

/// Throws unless `name` names a file directly inside the folder.
void check_plain_name(const std::string& name, const std::string& where) {
  const bool plain = !name.empty() && name != "." && name != ".." &&
                     name.find_first_of(std::string_view("/\\\0", 3)) == std::string::npos;
  require(plain, where, "expected a plain shard file name, got \"{}\"", name);
}

std::vector<std::string> shard_files(const std::filesystem::path& index) {
  const std::string where = index.string();
  const Json json = read_json_file(where);
  require(json.is_object() && json.contains("weight_map") && json["weight_map"].is_object(), where,
          "expected an object with a weight_map, got something else");
  std::set<std::string> names;
  for (const auto& [tensor, shard] : json["weight_map"].items()) {
    require(shard.is_string(), where, "expected a file name for {}, got {}", tensor,
            shard.type_name());
    check_plain_name(shard.get<std::string>(), where);
    names.insert(shard.get<std::string>());
  }
  require(!names.empty(), where, "expected at least one shard, got an empty weight_map");
  std::vector<std::string> files;
  for (const std::string& name : names) {
    files.push_back((index.parent_path() / name).string());
    regular_file_size(files.back());  // throws when the shard is missing
  }
  return files;
}

}  // namespace

std::vector<std::string> checkpoint_files(const std::string& path) {
  const std::filesystem::path folder(path);
  std::error_code ignored;
  if (!std::filesystem::is_directory(folder, ignored)) {
    regular_file_size(path);
    return {path};
  }
  for (const char* name : {"model.safetensors", "pytorch_model.bin"}) {
    const auto single = folder / name;
    if (std::filesystem::exists(single, ignored)) return {single.string()};
    const auto index = folder / (std::string(name) + ".index.json");
    if (std::filesystem::exists(index, ignored)) return shard_files(index);
  }
  fail(path,
       "expected model.safetensors, model.safetensors.index.json, pytorch_model.bin or "
       "pytorch_model.bin.index.json in the folder, got none of them");
}

}  // namespace flamingo::io
