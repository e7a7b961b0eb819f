#include "flamingo/checkpoint/adapters/clip.h"

#include <torch/types.h>

#include <algorithm>
#include <array>

#include "flamingo/golden/kinds.h"
#include "flamingo/golden/summed_terms.h"
#include "flamingo/golden/tensors.h"

namespace flamingo::golden {
namespace {

constexpr std::array<const char*, 3> kForms{"hf", "open_clip", "openai"};

bool is_weights_file(const fs::path& path) {
  const std::string extension = path.extension().string();
  return extension == ".safetensors" || extension == ".bin" || extension == ".pt";
}

/// Each file of weights in a folder; the folder itself when it holds shards.
std::vector<std::string> sources(const fs::path& folder) {
  std::vector<std::string> found;
  for (const auto& entry : fs::directory_iterator(folder)) {
    if (entry.path().string().ends_with(".index.json")) return {folder.string()};
    if (is_weights_file(entry.path())) found.push_back(entry.path().string());
  }
  std::sort(found.begin(), found.end());
  return found;
}

vision::ClipVitConfig config_of(const fs::path& folder, const checkpoint::StateDict& weights) {
  const std::string hf = (folder / "config.json").string();
  if (fs::is_regular_file(hf)) return checkpoint::clip_config_from_hf(read_json_file(hf), hf);
  const std::string open_clip = (folder / "open_clip_config.json").string();
  if (fs::is_regular_file(open_clip))
    return checkpoint::clip_config_from_open_clip(read_json_file(open_clip), open_clip);
  return checkpoint::clip_config_from_openai(weights);
}

/// Every intermediate result of one picture batch, by the fixture's names.
checkpoint::StateDict results(vision::ClipVit& clip, const at::Tensor& pixels) {
  checkpoint::StateDict values;
  const auto tokens = clip->tokens(pixels, [&](const std::string& name, const at::Tensor& value) {
    values.emplace(name, value);
  });
  const auto normed = clip->post_norm(tokens);
  values.emplace("class_token", tokens.select(1, 0));
  values.emplace("patch_tokens", tokens.slice(1, 1));
  values.emplace("class_token_ln_post", normed.select(1, 0));
  values.emplace("patch_tokens_ln_post", normed.slice(1, 1));
  if (clip->config().embed_dim == 0) return values;
  const auto embeds = clip->embed(tokens);
  values.emplace("image_embeds", embeds);
  values.emplace("image_embeds_normalized", embeds / embeds.norm(2, -1, true));
  return values;
}

void compare_source(const fs::path& folder, const std::string& form, const std::string& source,
                    Report& report) {
  const checkpoint::StateDict weights =
      checkpoint::load_state_dict(source, checkpoint::is_clip_weight);
  const checkpoint::StateDict ours = checkpoint::clip_weights(weights);
  vision::ClipVitConfig config = config_of(folder / form, weights);
  if (!ours.contains("proj.weight")) config.embed_dim = 0;  // CLIPVisionModel stores none
  vision::ClipVit clip(config, torch::kFloat32);
  checkpoint::load_into(*clip, ours, {}, source);
  for (const fs::path& one : case_folders(folder)) {
    const checkpoint::StateDict inputs =
        checkpoint::load_state_dict((one / "inputs.safetensors").string());
    const checkpoint::StateDict expected =
        checkpoint::load_state_dict((one / "expected.safetensors").string());
    compare_tensors(source + ":" + one.filename().string(),
                    results(clip, inputs.at("pixel_values")), expected, summed_terms(config),
                    report);
  }
}

}  // namespace

bool matches_clip(const fs::path& folder) {
  return fs::is_directory(folder / "cases") &&
         std::any_of(kForms.begin(), kForms.end(),
                     [&](const char* form) { return fs::is_directory(folder / form); });
}

void compare_clip(const fs::path& folder, const Options& /*options*/, Report& report) {
  const torch::NoGradGuard no_grad;
  for (const std::string form : kForms) {
    if (!fs::is_directory(folder / form)) continue;
    for (const std::string& source : sources(folder / form))
      compare_source(folder, form, source, report);
  }
}

}  // namespace flamingo::golden
