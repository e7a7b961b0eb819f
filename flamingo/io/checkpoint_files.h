#pragma once

#include <string>
#include <vector>

namespace flamingo::io {

/// Files of a checkpoint folder: model.safetensors, or all shards of model.safetensors.index.json
/// (plain file names inside the folder only), or the same of pytorch_model.bin.
/// A path to a file gives that file.
/// Throws Error when none exists or a shard is missing.
std::vector<std::string> checkpoint_files(const std::string& path);

}  // namespace flamingo::io
