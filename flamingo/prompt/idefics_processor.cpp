#include "flamingo/prompt/idefics_processor.h"

#include <algorithm>

#include "flamingo/core/error.h"

namespace flamingo::prompt {
namespace {

constexpr char kImage[] = "<image>";
constexpr char kFake[] = "<fake_token_around_image>";
constexpr char kEndOfUtterance[] = "<end_of_utterance>";

std::string_view strip_spaces(std::string_view text) {
  while (text.starts_with(' ')) text.remove_prefix(1);
  while (text.ends_with(' ')) text.remove_suffix(1);
  return text;
}

int32_t id_of(const text::Tokenizer& tokenizer, const char* token) {
  const auto id = tokenizer.token_to_id(token);
  require(id.has_value(), "idefics", "expected a tokenizer with {}, got one without", token);
  return *id;
}

std::vector<std::string> image_paths(const Prompt& prompt) {
  std::vector<std::string> paths;
  for (const PromptItem& item : prompt.items) {
    if (const auto* image = std::get_if<ImageItem>(&item)) paths.push_back(image->path);
  }
  return paths;
}

/// Ids of one prompt, checked to hold one image token per image.
std::vector<int32_t> encode_prompt(const text::Tokenizer& tokenizer, const Prompt& prompt,
                                   size_t num_images, std::optional<bool> add_end_of_utterance) {
  std::vector<int32_t> ids =
      tokenizer.encode(idefics_text(tokenizer, prompt, add_end_of_utterance));
  const auto found =
      static_cast<size_t>(std::count(ids.begin(), ids.end(), id_of(tokenizer, kImage)));
  require(found == num_images, "idefics",
          "expected one <image> per image, got {} marks and {} images", found, num_images,
          Hint{"a text spells <image>"});
  return ids;
}

/// Appends one row of the batch, padded on the left.
void append_row(const std::vector<int32_t>& ids, int32_t pad_id, const std::vector<int32_t>& phi,
                IdeficsBatch& batch) {
  const size_t padding = static_cast<size_t>(batch.tokens) - ids.size();
  batch.ids.insert(batch.ids.end(), padding, pad_id);
  batch.ids.insert(batch.ids.end(), ids.begin(), ids.end());
  batch.attention_mask.insert(batch.attention_mask.end(), padding, 0);
  batch.attention_mask.insert(batch.attention_mask.end(), ids.size(), 1);
  batch.phi.insert(batch.phi.end(), padding, 0);
  batch.phi.insert(batch.phi.end(), phi.begin(), phi.end());
}

}  // namespace

std::string idefics_text(const text::Tokenizer& tokenizer, const Prompt& prompt,
                         std::optional<bool> add_end_of_utterance) {
  const bool utterances =
      add_end_of_utterance.value_or(tokenizer.token_to_id(kEndOfUtterance).has_value());
  std::string out = tokenizer.bos_id() ? tokenizer.id_to_token(*tokenizer.bos_id()) : "";
  enum class Last { kNone, kText, kImage } last = Last::kNone;
  for (const PromptItem& item : prompt.items) {
    require(!std::holds_alternative<VideoItem>(item), "idefics", "expected images, got a video");
    if (const auto* text = std::get_if<TextItem>(&item)) {
      if (utterances && last == Last::kText) out += kEndOfUtterance;
      out += strip_spaces(text->text);
      last = Last::kText;
    } else if (std::holds_alternative<ImageItem>(item)) {
      if (last != Last::kImage) out += kFake;
      out += std::string(kImage) + kFake;
      last = Last::kImage;
    }
  }
  return out;
}

std::vector<int32_t> idefics_phi(std::span<const int32_t> ids, int32_t image_id,
                                 std::optional<int32_t> eos_id, int64_t max_images) {
  std::vector<int32_t> phi;
  phi.reserve(ids.size());
  int32_t count = 0;
  bool after_end = false;
  for (const int32_t id : ids) {
    if (id == image_id) {
      ++count;
      after_end = false;
    }
    phi.push_back(after_end || count > max_images ? 0 : count);
    if (eos_id && id == *eos_id) after_end = true;
  }
  return phi;
}

IdeficsBatch process_idefics(const text::Tokenizer& tokenizer, const std::vector<Prompt>& prompts,
                             std::optional<bool> add_end_of_utterance) {
  require(!prompts.empty(), "idefics", "expected at least one prompt, got none");
  IdeficsBatch batch;
  batch.batch = static_cast<int64_t>(prompts.size());
  std::vector<std::vector<int32_t>> rows;
  for (const Prompt& prompt : prompts) {
    batch.images.push_back(image_paths(prompt));
    const size_t num_images = batch.images.back().size();
    rows.push_back(encode_prompt(tokenizer, prompt, num_images, add_end_of_utterance));
    batch.tokens = std::max(batch.tokens, static_cast<int64_t>(rows.back().size()));
    batch.max_images = std::max(batch.max_images, static_cast<int64_t>(num_images));
  }
  const int32_t image_id = id_of(tokenizer, kImage);
  const int32_t pad_id = id_of(tokenizer, "<unk>");
  for (const auto& ids : rows) {
    const auto phi = idefics_phi(ids, image_id, tokenizer.eos_id(), batch.max_images);
    append_row(ids, pad_id, phi, batch);
  }
  return batch;
}

}  // namespace flamingo::prompt
