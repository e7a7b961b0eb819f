#include "flamingo/train/encoder_files.h"

#include <filesystem>

#include "flamingo/checkpoint/adapters/clip.h"
#include "flamingo/core/error.h"
#include "flamingo/core/file.h"
#include "flamingo/io/mapped_file.h"
#include "flamingo/io/sha256.h"

namespace flamingo::train {
namespace {

std::string config_path(const std::string& folder) { return folder + "/config.json"; }
std::string weights_path(const std::string& folder) { return folder + "/model.safetensors"; }

/// Patch features without projection, as Flamingo's gated layers want them.
EncoderFiles read_clip(vision::ClipVitConfig config, const std::string& weights) {
  EncoderFiles files;
  files.weights =
      checkpoint::clip_weights(checkpoint::load_state_dict(weights, checkpoint::is_clip_weight));
  files.weights.erase("proj.weight");
  config.embed_dim = 0;
  config.output = vision::ClipOutput::kPatches;
  files.config.clip_vit = config;
  files.transform.mode = media::TransformMode::kOpenClip;
  files.transform.size = config.image_size;
  files.hash = io::sha256_hex(io::MappedFile(weights).bytes());
  return files;
}

}  // namespace

void write_weights_folder(const std::string& folder, const Json& config,
                          const checkpoint::StateDict& weights) {
  make_folder(folder);
  checkpoint::save_state_dict(weights_path(folder), weights, torch::kFloat32);
  write_file_atomic(config_path(folder), config.dump(2) + "\n");
}

void write_encoder(const std::string& folder, const vision::NfnetConfig& config,
                   const checkpoint::StateDict& weights) {
  write_weights_folder(folder, {{"nfnet", config_to_json(config)}}, weights);
}

EncoderFiles read_encoder(const std::string& folder) {
  const std::string open_clip = folder + "/open_clip_config.json";
  if (std::filesystem::exists(open_clip)) {
    return read_clip(checkpoint::clip_config_from_open_clip(read_json_file(open_clip), open_clip),
                     folder + "/open_clip_model.safetensors");
  }
  require(
      std::filesystem::exists(config_path(folder)), folder,
      "expected a pretrained encoder, got no config.json there",
      Hint{"stage 1 writes one: flamingo pretrain-vision --recipe recipes/pictogram/vision.json"});
  const Json json = read_json_file(config_path(folder));
  if (json.is_object() && json.value("model_type", "").starts_with("clip"))
    return read_clip(checkpoint::clip_config_from_hf(json, config_path(folder)),
                     weights_path(folder));
  require(json.is_object() && json.size() == 1 && json.contains("nfnet"), config_path(folder),
          "expected one key \"nfnet\", or the config of a CLIP, got {}", json);
  EncoderFiles files;
  config_from_json(json["nfnet"], files.config.nfnet.emplace(), config_path(folder));
  files.config.nfnet->validate();
  files.transform.size = files.config.nfnet->image_size;
  files.transform.mean.assign(3, 0.5F);
  files.transform.std.assign(3, 0.5F);
  files.hash = io::sha256_hex(io::MappedFile(weights_path(folder)).bytes());
  files.weights = checkpoint::load_state_dict(weights_path(folder));
  return files;
}

}  // namespace flamingo::train
