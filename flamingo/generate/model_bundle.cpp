#include "flamingo/generate/model_bundle.h"

#include <algorithm>
#include <array>
#include <filesystem>

#include "flamingo/checkpoint/adapters/generation_config.h"
#include "flamingo/checkpoint/adapters/idefics.h"
#include "flamingo/checkpoint/adapters/native.h"
#include "flamingo/core/config.h"
#include "flamingo/prompt/idefics_processor.h"
#include "flamingo/surgery/huge_pages.h"

namespace flamingo::generate {
namespace {

namespace fs = std::filesystem;

/// Ends a turn of IDEFICS' instruction models.
constexpr const char* kEndOfUtterance = "<end_of_utterance>";
/// What stands for a picture in IDEFICS' prompts and is never an answer.
constexpr std::array kIdeficsMarks = {"<image>", "<fake_token_around_image>"};

bool is_space(char c) { return c == ' ' || c == '\n' || c == '\t'; }
bool ends_in_space(const std::string& text) { return text.empty() || is_space(text.back()); }

void add_new(std::vector<int32_t>& ids, int32_t id) {
  if (std::ranges::find(ids, id) == ids.end()) ids.push_back(id);
}
void add_if_known(std::vector<int32_t>& ids, std::optional<int32_t> id) {
  if (id) add_new(ids, *id);
}

ModelBundle bundle_of(checkpoint::LoadedFlamingo loaded, text::Tokenizer tokenizer) {
  const model::PromptStyle style = loaded.model->config().tokens.style;
  ModelBundle bundle{.model = loaded.model,
                     .tokenizer = std::move(tokenizer),
                     .style = style,
                     .load_report = loaded.report.text()};
  const auto& tokens = loaded.model->config().tokens;
  add_if_known(bundle.stop_ids, bundle.tokenizer.eos_id());
  add_if_known(bundle.stop_ids, bundle.tokenizer.token_to_id(tokens.end_of_chunk));
  bundle.answer_end = bundle.tokenizer.token_to_id(
      style == model::PromptStyle::kFlamingo ? tokens.end_of_chunk : kEndOfUtterance);
  if (style == model::PromptStyle::kIdefics) {
    add_if_known(bundle.stop_ids, bundle.answer_end);
    for (const char* mark : kIdeficsMarks)
      add_if_known(bundle.banned_ids, bundle.tokenizer.token_to_id(mark));
  } else {
    for (const auto& name : tokens.additional) {
      if (name != tokens.end_of_chunk)
        add_if_known(bundle.banned_ids, bundle.tokenizer.token_to_id(name));
    }
  }
  bundle.warnings = std::move(loaded.warnings);
  const auto& of_text = bundle.tokenizer.warnings();
  bundle.warnings.insert(bundle.warnings.end(), of_text.begin(), of_text.end());
  surgery::move_to_huge_pages(*bundle.model);
  bundle.model->eval();
  return bundle;
}

/// Whether the folder's model is ours; else it is IDEFICS. Throws Error for all others.
bool is_native_model(const std::string& folder) {
  require(fs::is_directory(folder), folder, "expected a model folder, got none",
          Hint{"train one or give --model; the default model is in models/pictogram of the "
               "repository"});
  if (checkpoint::is_native(folder)) return true;
  const auto config = read_json_file((fs::path(folder) / "config.json").string());
  const auto type = config.is_object() ? config.value("model_type", Json()) : Json();
  require(type == "idefics", folder, "expected a flamingo or idefics model, got model_type {}",
          type.dump());
  return false;
}

void apply_generation_config(const std::string& folder, ModelBundle& bundle) {
  const auto& lm = bundle.model->config().lm;
  const checkpoint::GenerationConfig config =
      checkpoint::read_generation_config(folder, lm.vocab + lm.additional_vocab);
  for (const int32_t id : config.stop_ids) add_new(bundle.stop_ids, id);
  for (const int32_t id : config.banned_ids) add_new(bundle.banned_ids, id);
  bundle.warnings.insert(bundle.warnings.end(), config.warnings.begin(), config.warnings.end());
}

ModelBundle open_native(const std::string& folder, const OpenOptions& options) {
  auto loaded =
      checkpoint::load_native(folder, options.lm_path,
                              lm::WeightOptions::of(options.compute, torch::kCPU, options.compute));
  const auto lm_path = checkpoint::native_lm_path(folder, options.lm_path);
  const auto lm_file =
      lm_path.empty() ? nullptr : std::make_shared<const io::Gguf>(io::Gguf::open(lm_path));
  const auto vocabulary = checkpoint::native_tokenizer_path(folder, options.lm_path);
  auto tokenizer = !vocabulary.empty()
                       ? text::Tokenizer::from_gguf(io::Gguf::open(vocabulary))
                       : text::Tokenizer::from_file((fs::path(folder) / "tokenizer.json").string());
  for (const auto& name : loaded.model->config().tokens.additional)
    tokenizer = tokenizer.with_special_token(name);
  auto bundle = bundle_of(std::move(loaded), std::move(tokenizer));
  bundle.lm_file = lm_file;
  return bundle;
}

ModelBundle open_idefics(const std::string& folder, const OpenOptions& options) {
  auto tokenizer = text::Tokenizer::from_file((fs::path(folder) / "tokenizer.json").string());
  auto loaded = checkpoint::load_idefics(
      folder, lm::WeightOptions::of(options.compute, torch::kCPU, options.compute));
  auto bundle = bundle_of(std::move(loaded), std::move(tokenizer));
  apply_generation_config(folder, bundle);
  return bundle;
}

EncodedPrompt encode_idefics(const ModelBundle& bundle, const prompt::Prompt& prompt,
                             int32_t media_before, bool begin) {
  const auto batch = prompt::process_idefics(bundle.tokenizer, {prompt});
  EncodedPrompt encoded{batch.ids, batch.phi, {}};
  if (!begin) {  // a later turn has no <s>
    encoded.ids.erase(encoded.ids.begin());
    encoded.phi.erase(encoded.phi.begin());
  }
  for (auto& phi : encoded.phi) phi += media_before;
  return encoded;
}

}  // namespace

ModelBundle open_model(const std::string& folder, const OpenOptions& options) {
  return is_native_model(folder) ? open_native(folder, options) : open_idefics(folder, options);
}

media::TransformConfig read_transform(const std::string& folder) {
  is_native_model(folder);
  return checkpoint::read_model_config(folder).transform;
}

EncodedPrompt encode_text(const ModelBundle& bundle, const prompt::Prompt& prompt,
                          int32_t media_before, bool begin) {
  if (bundle.style == model::PromptStyle::kIdefics)
    return encode_idefics(bundle, prompt, media_before, begin);
  const auto& tokens = bundle.model->config().tokens;
  const auto page = prompt::interleave(
      bundle.tokenizer, prompt.segments(),
      {.image_mark = tokens.image, .end_of_chunk = tokens.end_of_chunk, .begin = begin});
  EncodedPrompt encoded{page.ids, page.phi, {}};
  for (auto& phi : encoded.phi) phi += media_before;
  return encoded;
}

EncodedPrompt encode_prompt(const ModelBundle& bundle, const prompt::Prompt& prompt,
                            const FrameSampling& sampling) {
  EncodedPrompt encoded = encode_text(bundle, prompt);
  encoded.media = load_media(prompt, bundle.model->config().transform, sampling);
  return encoded;
}

std::vector<int32_t> continuation_ids(const ModelBundle& bundle, const prompt::Prompt& prompt,
                                      std::span<const int32_t> prompt_ids,
                                      const std::string& answer) {
  require(!std::ranges::all_of(answer, is_space), "candidate", "expected a text, got a blank one");
  prompt::Prompt whole = prompt;
  prompt::TextItem* last =
      whole.items.empty() ? nullptr : std::get_if<prompt::TextItem>(&whole.items.back());
  if (last != nullptr) {
    const bool apart = ends_in_space(last->text) || is_space(answer.front());
    last->text += (apart ? "" : " ") + answer;
  } else {
    whole.items.push_back(prompt::TextItem{answer});
  }
  auto ids = encode_text(bundle, whole).ids;
  if (ids.size() <= prompt_ids.size() ||
      !std::equal(prompt_ids.begin(), prompt_ids.end(), ids.begin())) {
    const auto same = std::ranges::mismatch(prompt_ids, ids).in1 - prompt_ids.begin();
    fail("candidate",
         "expected a prompt whose {} tokens stay the same before \"{}\", got {} that do among {}",
         prompt_ids.size(), answer, same, ids.size(), Hint{"end the prompt without a space"});
  }
  ids.erase(ids.begin(), ids.begin() + std::ssize(prompt_ids));
  if (bundle.answer_end) ids.push_back(*bundle.answer_end);
  return ids;
}

}  // namespace flamingo::generate
