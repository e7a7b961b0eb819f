#include "flamingo/checkpoint/encoder_files.h"

#include <filesystem>
#include <optional>

#include "flamingo/checkpoint/adapters/clip.h"
#include "flamingo/checkpoint/adapters/efficientnet.h"
#include "flamingo/core/error.h"
#include "flamingo/core/file.h"
#include "flamingo/io/checkpoint_files.h"
#include "flamingo/io/mapped_file.h"
#include "flamingo/io/sha256.h"

namespace flamingo::checkpoint {
namespace {

/// Reads a foreign encoder, or gives nothing where `path` holds something else.
using ReadForeignEncoder = std::optional<EncoderFiles> (*)(const std::string& path);

/// All that adapters/ knows; the first that answers counts.
constexpr ReadForeignEncoder kForeignEncoders[] = {
    read_clip_encoder,
    read_efficientnet_encoder,
};

std::string encoder_config_path(const std::string& folder) { return folder + "/config.json"; }
std::string encoder_weights_path(const std::string& folder) {
  return folder + "/model.safetensors";
}

/// What write_encoder wrote.
EncoderFiles read_own_encoder(const std::string& folder) {
  const std::string path = encoder_config_path(folder);
  require(
      std::filesystem::exists(path), folder,
      "expected a pretrained encoder, got no config.json there",
      Hint{"stage 1 writes one: flamingo pretrain-vision --recipe recipes/pictogram/vision.json"});
  EncoderFiles files;
  config_from_json(read_json_file(path), files.config, path);
  files.config.validate();
  files.transform = files.config.transform();
  files.hash = weights_hash(encoder_weights_path(folder));
  files.weights = load_state_dict(encoder_weights_path(folder));
  return files;
}

}  // namespace

std::string weights_hash(const std::string& path) {
  const auto files = io::checkpoint_files(path);
  require(files.size() == 1, path, "expected one file of weights, got {}", files.size());
  return io::sha256_hex(io::MappedFile(files.front()).bytes());
}

void write_weights_folder(const std::string& folder, const Json& config, const StateDict& weights) {
  make_folder(folder);
  save_state_dict(encoder_weights_path(folder), weights, torch::kFloat32);
  write_file_atomic(encoder_config_path(folder), config.dump(2) + "\n");
}

void write_encoder(const std::string& folder, const vision::EncoderConfig& config,
                   const StateDict& weights) {
  write_weights_folder(folder, config.to_json(), weights);
}

EncoderFiles read_encoder(const std::string& path) {
  for (const ReadForeignEncoder& read : kForeignEncoders) {
    if (auto files = read(path)) return *std::move(files);
  }
  require(std::filesystem::exists(path), path, "expected a pretrained encoder, got no such path",
          Hint{"stage 1 writes one; flamingo info --help names the presets"});
  if (std::filesystem::is_regular_file(path)) {
    fail(path, "expected a file of weights by the names of a known encoder, got others",
         Hint{"an encoder that is a file says by its weights' names what it is; others come as "
              "folders"});
  }
  return read_own_encoder(path);
}

}  // namespace flamingo::checkpoint
