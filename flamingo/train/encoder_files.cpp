#include "flamingo/train/encoder_files.h"

#include "flamingo/core/error.h"
#include "flamingo/core/file.h"
#include "flamingo/io/mapped_file.h"
#include "flamingo/io/sha256.h"

namespace flamingo {
namespace {

std::string config_path(const std::string& folder) { return folder + "/config.json"; }
std::string weights_path(const std::string& folder) { return folder + "/model.safetensors"; }

}  // namespace

void write_weights_folder(const std::string& folder, const Json& config, const StateDict& weights) {
  make_folder(folder);
  save_state_dict(weights_path(folder), weights, torch::kFloat32);
  write_file_atomic(config_path(folder), config.dump(2) + "\n");
}

void write_encoder(const std::string& folder, const NfnetConfig& config, const StateDict& weights) {
  write_weights_folder(folder, {{"nfnet", config_to_json(config)}}, weights);
}

EncoderFiles read_encoder(const std::string& folder) {
  const Json json = read_json_file(config_path(folder));
  require(json.is_object() && json.size() == 1 && json.contains("nfnet"), config_path(folder),
          "expected one key \"nfnet\", got other content");
  EncoderFiles files;
  config_from_json(json["nfnet"], files.config, config_path(folder));
  files.config.validate();
  files.hash = sha256_hex(MappedFile(weights_path(folder)).bytes());
  files.weights = load_state_dict(weights_path(folder));
  return files;
}

Nfnet make_encoder(const EncoderFiles& files, torch::ScalarType type) {
  Nfnet encoder(files.config, torch::TensorOptions(type));
  load_into(*encoder, files.weights, {}, "encoder");
  for (auto& parameter : encoder->parameters()) parameter.set_requires_grad(false);
  encoder->eval();
  return encoder;
}

}  // namespace flamingo
