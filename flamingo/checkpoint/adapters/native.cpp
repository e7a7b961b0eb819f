#include "flamingo/checkpoint/adapters/native.h"

#include <filesystem>
#include <future>

#include "flamingo/checkpoint/adapters/gguf_llama.h"
#include "flamingo/checkpoint/shape_check.h"
#include "flamingo/core/file.h"
#include "flamingo/io/mapped_file.h"
#include "flamingo/io/sha256.h"

namespace flamingo::checkpoint {
namespace {

namespace fs = std::filesystem;

constexpr std::string_view kLm = "lm.";

/// A language model's file.
struct LmReference {
  std::string path;  ///< relative to the model's folder
  std::string sha256;

  template <class Visitor>
  void visit(Visitor& v) {
    v("path", path, "GGUF file, relative to this folder");
    v("sha256", sha256, "of that file");
  }
};

/// config.json.
struct NativeFile {
  std::string format;
  int64_t version = 0;
  std::optional<LmReference> lm;
  std::optional<LmReference> tokenizer;
  model::FlamingoConfig model;

  template <class Visitor>
  void visit(Visitor& v) {
    v("format", format, "\"flamingo\"");
    v("version", version, "of this layout");
    v("lm", lm, "frozen language model; null: it is in model.safetensors");
    v("tokenizer", tokenizer,
      "file whose tokenizer counts where the language model is in model.safetensors; null: "
      "tokenizer.json in this folder, or lm's own");
    v("model", model, "the whole model");
  }
};

std::string config_path(const std::string& folder) {
  return (fs::path(folder) / "config.json").string();
}

std::string weights_path(const std::string& folder) {
  return (fs::path(folder) / "model.safetensors").string();
}

/// Whether a weight of Flamingo comes with the frozen language model.
bool is_base_lm(const std::string& name) {
  return name.starts_with(kLm) && name.find(".additional_") == std::string::npos;
}

std::string file_sha256(const std::string& path) {
  return io::sha256_hex(io::MappedFile(path).bytes());
}

NativeFile read_native(const std::string& folder) {
  const std::string path = config_path(folder);
  if (!is_native(folder)) {
    const Json json = read_json_file(path);
    fail(path, "expected \"format\": \"flamingo\", got {}",
         json.is_object() && json.contains("format") ? json["format"] : json);
  }
  NativeFile file;
  config_from_json(read_json_file(path), file, path);
  require(file.version == 1, path, "expected version 1, got {}", file.version,
          Hint{"written by a newer flamingo"});
  file.model.validate();
  return file;
}

/// `given`, or the recorded path when that is empty.
std::string resolved(const std::string& folder, const LmReference& lm, const std::string& given) {
  return given.empty() ? (fs::path(folder) / lm.path).lexically_normal().string() : given;
}

/// Adds the weights of the GGUF at `path` under "lm.", once it is the file that `lm` recorded.
/// -> warnings
std::vector<std::string> add_lm(const std::string& path, const NativeFile& file,
                                torch::ScalarType type, StateDict& weights) {
  auto digest = std::async(std::launch::async, file_sha256, path);
  LmCheckpoint checkpoint = read_gguf_llama(io::Gguf::open(path), type, path);
  checkpoint.config.additional_vocab = file.model.lm.additional_vocab;
  require(config_to_json(checkpoint.config) == config_to_json(file.model.lm), path,
          "expected the language model that this model was trained with, got one of another shape");
  for (const auto& [name, weight] : checkpoint.weights) weights[std::string(kLm) + name] = weight;
  const std::string got = digest.get();
  require(got == file.lm->sha256, path, "expected SHA-256 {}, got {}", file.lm->sha256, got,
          Hint{"another language model than the one this model was trained with"});
  return checkpoint.warnings;
}

}  // namespace

void write_native(const std::string& folder, const model::Flamingo& model,
                  const std::string& lm_path, LmWeights lm_weights) {
  make_folder(folder);
  NativeFile file{
      .format = "flamingo", .version = 1, .lm = {}, .tokenizer = {}, .model = model->config()};
  StateDict weights = state_dict_of(*model);
  std::optional<torch::ScalarType> type;
  if (!lm_path.empty()) {
    const auto relative = fs::absolute(lm_path).lexically_proximate(fs::absolute(folder));
    const bool frozen = lm_weights == LmWeights::kOfFile;
    (frozen ? file.lm : file.tokenizer) = LmReference{relative.string(), file_sha256(lm_path)};
    if (frozen) std::erase_if(weights, [](const auto& item) { return is_base_lm(item.first); });
    type = torch::kBFloat16;
  }
  save_state_dict(weights_path(folder), weights, type);
  write_file_atomic(config_path(folder), config_text(config_to_json(file)));
}

bool is_native(const std::string& folder) {
  const Json json = read_json_file(config_path(folder));
  return json.is_object() && json.contains("format") && json["format"] == "flamingo";
}

model::FlamingoConfig read_model_config(const std::string& folder) {
  if (is_native(folder)) return read_native(folder).model;
  return read_idefics_config(folder);
}

std::string native_lm_path(const std::string& folder, const std::string& lm_path) {
  const NativeFile file = read_native(folder);
  return file.lm ? resolved(folder, *file.lm, lm_path) : std::string();
}

std::string native_tokenizer_path(const std::string& folder, const std::string& lm_path) {
  const NativeFile file = read_native(folder);
  if (file.tokenizer) return resolved(folder, *file.tokenizer, lm_path);
  return file.lm ? resolved(folder, *file.lm, lm_path) : std::string();
}

LoadedFlamingo load_native(const std::string& folder, const std::string& lm_path,
                           const lm::WeightOptions& options) {
  const NativeFile file = read_native(folder);
  StateDict weights = load_state_dict(weights_path(folder));
  std::vector<std::string> warnings;
  if (file.lm) {
    warnings = add_lm(resolved(folder, *file.lm, lm_path), file,
                      options.frozen.dtype().toScalarType(), weights);
  }
  check_shapes(*model::Flamingo(file.model, lm::WeightOptions::of(torch::kFloat32, torch::kMeta)),
               weights, weights_path(folder));
  LoadedFlamingo loaded{model::Flamingo(file.model, options), {}, std::move(warnings)};
  loaded.report = load_into(*loaded.model, weights, {}, weights_path(folder));
  for (const auto& [name, weight] : weights) {
    if (!file.lm || !is_base_lm(name)) continue;
    ++loaded.report.frozen;
    --loaded.report.loaded;
  }
  return loaded;
}

}  // namespace flamingo::checkpoint
