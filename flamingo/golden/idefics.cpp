#include <ATen/Functions.h>
#include <ATen/core/grad_mode.h>

#include <string>

#include "flamingo/checkpoint/adapters/idefics.h"
#include "flamingo/golden/idefics_inputs.h"
#include "flamingo/golden/kinds.h"
#include "flamingo/golden/summed_terms.h"
#include "flamingo/golden/tensors.h"

namespace flamingo::golden {
namespace {

/// One case: inputs as the peer had them, and what it computed.
struct Case {
  std::string name;
  fs::path file;
  checkpoint::StateDict inputs;
  checkpoint::StateDict expected;
  int64_t terms = 0;  ///< summed on the way from pixels to logits

  at::Tensor want(const std::string& tensor) const { return tensor_at(expected, tensor, file); }
};

/// image_attention_mask [B, S, N] (one-hot of the image each token sees) -> phi [B, S].
at::Tensor phi_of(const at::Tensor& image_mask) {
  const auto seen = image_mask.sum(-1) > 0;
  return at::where(seen, image_mask.argmax(-1) + 1, at::zeros_like(image_mask.select(-1, 0)));
}

/// Compares a tensor when the fixture has it, at tokens that are no padding.
void compare_if_present(const Case& golden, const std::string& name, const at::Tensor& got,
                        Report& report, const at::Tensor& rows = {}) {
  if (!golden.expected.contains(name)) return;
  const auto want = golden.want(name);
  report.close(golden.name + "/" + name, max_difference(got, want, rows),
               tolerance_of(want, golden.terms));
}

/// Pixels [B, N, 3, S, S] -> media, comparing the stages on the way.
at::Tensor compare_media(const Case& golden, model::Flamingo& model, Report& report) {
  const auto pixels = tensor_at(golden.inputs, "pixel_values", golden.file);
  const auto features = model->encode_features(pixels.unsqueeze(2));  // [B, N, 1, 1 + P, Dv]
  compare_if_present(golden, "vision_last_hidden_state", features.flatten(0, 2), report);
  const auto media = model->resample(features);  // [B, N, R, Dr]
  compare_if_present(golden, "resampler_out", media.flatten(0, 1), report);
  compare_if_present(golden, "image_hidden_states", media, report);
  return media;
}

/// Our names of intermediate results -> the fixture's.
std::string fixture_name(const std::string& name) {
  return name.starts_with("xattn.")
             ? "gated_cross_attn_layer." + name.substr(6)
             : "decoder_layer." + name.substr(std::string("lm.layers.").size());
}

void compare_case(const Case& golden, model::Flamingo& model, Report& report) {
  const auto ids = tensor_at(golden.inputs, "input_ids", golden.file);
  const auto mask = tensor_at(golden.inputs, "attention_mask", golden.file);
  const auto phi = phi_of(tensor_at(golden.inputs, "image_attention_mask", golden.file));
  const auto media = compare_media(golden, model, report);
  lm::KvCache cache;
  const auto hidden = model->forward_hidden(
      {.ids = ids, .phi = phi, .media = media, .attention_mask = mask, .cache = &cache},
      [&](const std::string& name, const at::Tensor& value) {
        compare_if_present(golden, fixture_name(name), value, report, mask);
      });
  const auto logits = model->logits(hidden);
  compare_if_present(golden, "logits", logits, report, mask);
  const auto expected_ids = golden.want("generated_ids");
  const auto last_phi = phi.narrow(1, phi.size(1) - 1, 1);
  const auto generated =
      generate_greedy(logits.select(1, -1), expected_ids.size(1), [&](const at::Tensor& next) {
        return model->forward({.ids = next, .phi = last_phi, .cache = &cache}).select(1, -1);
      });
  compare_ids(report, golden.name + "/generated_ids", generated.ids, expected_ids);
  compare_if_present(golden, "generated_logits", generated.logits, report);
}

}  // namespace

bool matches_idefics(const fs::path& folder) {
  const auto config = folder / "model" / "config.json";
  if (!fs::exists(config) || !fs::is_directory(folder / "cases")) return false;
  const Json json = read_json_file(config.string());
  return json.is_object() && json.value("model_type", Json()) == Json("idefics");
}

void compare_idefics(const fs::path& folder, const Options&, Report& report) {
  const at::NoGradGuard no_grad;
  auto loaded =
      checkpoint::load_idefics((folder / "model").string(), lm::WeightOptions::of(at::kFloat));
  report.exact("load: " + loaded.report.text(), loaded.report.missing == 0);
  for (const auto& path : case_folders(folder)) {
    Case golden{path.filename().string(), path / "expected.safetensors",
                checkpoint::load_state_dict((path / "inputs.safetensors").string()),
                checkpoint::load_state_dict((path / "expected.safetensors").string())};
    const model::FlamingoConfig& config = loaded.model->config();
    const vision::ClipVitConfig& clip = *config.vision.as<vision::ClipVitConfig>();
    golden.terms = summed_terms(clip) +
                   summed_terms(config, tensor_at(golden.inputs, "input_ids", golden.file).size(1),
                                2 * clip.num_patches());
    if (fs::is_directory(folder / "images")) {
      compare_idefics_inputs(folder, config, golden.inputs, report);
    }
    compare_case(golden, loaded.model, report);
  }
}

}  // namespace flamingo::golden
