#include "flamingo/eval/contrastive_embedder.h"

#include "flamingo/checkpoint/state_dict.h"

namespace flamingo::eval {
namespace {

constexpr size_t kPicturesAtOnce = 64;

vision::ContrastiveConfig read_heads_config(const std::string& path) {
  const Json json = read_json_file(path);
  require(json.is_object() && json.contains("contrastive"), path,
          "expected a key \"contrastive\", got none");
  vision::ContrastiveConfig config;
  config_from_json(json["contrastive"], config, path);
  config.validate();
  return config;
}

}  // namespace

ContrastiveEmbedder::ContrastiveEmbedder(const std::string& heads_folder,
                                         vision::VisionEncoderPtr encoder,
                                         train::CaptionLanguage language,
                                         data::ViewRenderer& renderer)
    : config_(read_heads_config(heads_folder + "/config.json")),
      encoder_(std::move(encoder)),
      language_(std::move(language)),
      renderer_(renderer),
      heads_(config_, encoder_->dim(), language_.table.size(1), torch::TensorOptions()) {
  const std::string weights = heads_folder + "/model.safetensors";
  checkpoint::load_into(*heads_, checkpoint::load_state_dict(weights), {}, weights);
}

at::Tensor ContrastiveEmbedder::embed_texts(std::span<const std::string> texts) {
  const c10::InferenceMode guard;
  const auto tokens = train::tokenize_captions(language_.tokenizer, {texts.begin(), texts.end()},
                                               config_.max_tokens);
  return heads_->embed_texts(tokens.ids, tokens.mask, language_.table).to(torch::kFloat32);
}

at::Tensor ContrastiveEmbedder::embed_pictures(std::span<const data::ViewRef> views) {
  const c10::InferenceMode guard;
  std::vector<at::Tensor> rows;
  for (size_t first = 0; first < views.size(); first += kPicturesAtOnce) {
    const auto pixels =
        renderer_.render(views.subspan(first, std::min(kPicturesAtOnce, views.size() - first)));
    const auto features = encoder_->forward(pixels);
    rows.push_back(heads_->embed_images(features.to(torch::kFloat32)));
  }
  return at::cat(rows);
}

}  // namespace flamingo::eval
