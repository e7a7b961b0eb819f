#include "flamingo/train/checkpoint.h"

#include <algorithm>
#include <cstdio>
#include <filesystem>
#include <map>
#include <utility>

#include "flamingo/checkpoint/state_dict.h"
#include "flamingo/core/error.h"
#include "flamingo/core/file.h"
#include "flamingo/core/shape.h"
#include "flamingo/core/temporary_file.h"
#include "flamingo/io/crc.h"
#include "flamingo/io/safetensors.h"
#include "flamingo/io/sha256.h"

namespace flamingo::train {
namespace {

namespace fs = std::filesystem;
using Metadata = std::map<std::string, std::string>;

constexpr size_t kKept = 2;
constexpr const char* kPrefix = "step-";
constexpr const char* kSuffix = ".safetensors";
constexpr size_t kDigits = 8;

std::string file_name(int64_t step) {
  char text[64];
  std::snprintf(text, sizeof text, "%s%0*ld%s", kPrefix, static_cast<int>(kDigits),
                static_cast<long>(step), kSuffix);
  return text;
}

bool is_checkpoint_name(std::string_view name) {
  const std::string_view prefix = kPrefix, suffix = kSuffix;
  if (!name.starts_with(prefix) || !name.ends_with(suffix)) return false;
  if (name.size() != prefix.size() + kDigits + suffix.size()) return false;
  return name.find_first_not_of("0123456789", prefix.size()) == prefix.size() + kDigits;
}

void add_text(io::Sha256& sha, const std::string& text) {
  const std::string sized = std::to_string(text.size()) + ":" + text;
  sha.update(std::as_bytes(std::span(sized)));
}

/// SHA-256 over state, configuration, and name, type, shape and CRC-32 of every tensor.
std::string digest_of(const std::map<std::string, std::string>& tensors, const Metadata& metadata) {
  io::Sha256 sha;
  add_text(sha, metadata.at("state"));
  add_text(sha, metadata.at("config"));
  for (const auto& [name, summary] : tensors) {
    add_text(sha, name);
    add_text(sha, summary);
  }
  return sha.hex();
}

std::string summary_of(const char* dtype, std::span<const int64_t> shape,
                       std::span<const std::byte> bytes) {
  std::string text = dtype;
  for (const int64_t extent : shape) text.append(" ").append(std::to_string(extent));
  return text + " " + std::to_string(io::crc32(bytes));
}

std::string summary_of(const torch::Tensor& tensor) {
  const torch::Tensor here = tensor.detach().cpu();
  const auto* bytes = static_cast<const std::byte*>(here.const_data_ptr());
  return summary_of("F32", here.sizes(), {bytes, here.nbytes()});
}

/// Throws Error unless the file is whole: its tensors, state and configuration are what was
/// written.
void verify(const io::Safetensors& file, const std::string& path) {
  std::map<std::string, std::string> tensors;
  for (const io::TensorView& view : file.tensors()) {
    tensors[view.name] = summary_of(io::dtype_name(view.dtype), view.shape, view.data);
  }
  for (const char* key : {"state", "config", "digest"}) {
    require(file.metadata().contains(key), path, "expected metadata \"{}\", got none", key,
            Hint{"not a training checkpoint"});
  }
  const std::string digest = digest_of(tensors, file.metadata());
  const std::string& written = file.metadata().at("digest");
  require(digest == written, path, "expected the content that was written, of digest {}, got {}",
          written, digest, Hint{"the file is damaged"});
}

void copy_into(const io::Safetensors& file, const std::vector<NamedTensor>& tensors,
               const std::string& path) {
  require(file.tensors().size() == tensors.size(), path, "expected {} tensors, got {}",
          tensors.size(), file.tensors().size());
  const checkpoint::StateDict stored = checkpoint::load_state_dict(path);
  const torch::NoGradGuard no_grad;
  for (const NamedTensor& tensor : tensors) {
    const auto it = stored.find(tensor.name);
    require(it != stored.end(), path, "expected {}, got no such tensor", tensor.name);
    require(it->second.sizes() == tensor.value.sizes(), path, "expected {} of shape {}, got {}",
            tensor.name, tensor.value.sizes(), it->second.sizes());
    tensor.value.detach().copy_(it->second);
  }
}

/// The first field in which two configs differ: "train.steps 30 instead of 31".
std::string difference(const std::string& written, const std::string& wanted,
                       const std::string& where) {
  const Json before = parse_json(written, where), now = parse_json(wanted, where);
  const Json patch = Json::diff(before, now);
  if (patch.empty()) return "another spelling of it";
  const Json::json_pointer place(patch[0]["path"].get<std::string>());
  const auto value = [&](const Json& json) {
    return json.contains(place) ? json[place].dump() : std::string("nothing");
  };
  std::string name = place.to_string().substr(1);
  std::ranges::replace(name, '/', '.');
  return name + " " + value(before) + " instead of " + value(now);
}

}  // namespace

CheckpointFolder::CheckpointFolder(std::string folder, const Json& config,
                                   std::function<void(std::string_view)> message)
    : folder_(std::move(folder)), config_(config.dump()), message_(std::move(message)) {
  make_folder(folder_);
  remove_dead_temporaries(folder_, is_checkpoint_name);
}

std::vector<std::string> CheckpointFolder::list() const {
  std::vector<std::string> paths;
  std::error_code error;
  for (const auto& entry : fs::directory_iterator(folder_, error)) {
    if (entry.is_regular_file(error) && is_checkpoint_name(entry.path().filename().string()))
      paths.push_back(entry.path());
  }
  std::sort(paths.rbegin(), paths.rend());
  return paths;
}

void CheckpointFolder::save(const std::vector<NamedTensor>& tensors, const RunState& state) const {
  Metadata metadata = {{"state", config_to_json(state).dump()}, {"config", config_}};
  checkpoint::StateDict weights;
  std::map<std::string, std::string> summaries;
  for (const NamedTensor& tensor : tensors) {
    weights[tensor.name] = tensor.value.detach();
    summaries[tensor.name] = summary_of(tensor.value);
  }
  metadata["digest"] = digest_of(summaries, metadata);
  const std::string path = (fs::path(folder_) / file_name(state.step)).string();
  checkpoint::save_state_dict(path, weights, {}, metadata);
  verify(io::Safetensors::open(path), path);
  const auto paths = list();
  for (size_t i = kKept; i < paths.size(); ++i) {
    std::error_code ignored;  // an old file that stays does no harm
    fs::remove(paths[i], ignored);
  }
}

std::optional<RunState> CheckpointFolder::restore(const std::vector<NamedTensor>& tensors) const {
  const auto paths = list();
  std::string last_damage;
  for (const std::string& path : paths) {
    std::optional<io::Safetensors> file;
    try {
      file = io::Safetensors::open(path);
      verify(*file, path);
    } catch (const Error& e) {
      last_damage = e.what();
      if (message_) message_(std::string("passing over ") + e.what());
      continue;
    }
    const std::string& written = file->metadata().at("config");
    if (written != config_)
      fail(path, "expected a run of this recipe, got one with {}",
           difference(written, config_, path),
           Hint{"give another output folder or remove this one"});
    copy_into(*file, tensors, path);
    RunState state;
    config_from_json(parse_json(file->metadata().at("state"), path), state, path);
    return state;
  }
  require(paths.empty(), folder_, "expected an undamaged checkpoint, got none", Hint{last_damage});
  return std::nullopt;
}

}  // namespace flamingo::train
