#pragma once

#include <array>
#include <optional>
#include <string>
#include <utility>
#include <vector>

#include "flamingo/core/config.h"
#include "flamingo/lm/decoder_config.h"
#include "flamingo/lm/gated_xattn.h"
#include "flamingo/media/transform.h"
#include "flamingo/resampler/resampler.h"
#include "flamingo/vision/registry.h"

namespace flamingo::model {

/// How a model wants its prompts written.
///   kFlamingo  <BOS> text <EOC> <image> text <EOC> ... (paper section 2.3)
///   kIdefics   <s> text <fake_token_around_image><image><fake_token_around_image> text ...
enum class PromptStyle { kFlamingo, kIdefics };
constexpr std::array<std::pair<PromptStyle, const char*>, 2> enum_table(PromptStyle) {
  return {{{PromptStyle::kFlamingo, "flamingo"}, {PromptStyle::kIdefics, "idefics"}}};
}

/// What special tokens are called. The tokens of `additional` get the ids V, V + 1, ... and
/// trainable rows; other marks are looked up in the tokenizer (or are plain text, as the paper's
/// <image> is).
struct TokenConfig {
  std::vector<std::string> additional;
  std::string image = "<image>";
  std::string end_of_chunk = "<EOC>";
  PromptStyle style = PromptStyle::kFlamingo;

  template <class Visitor>
  void visit(Visitor& v) {
    v("additional", additional, "names of the additional vocabulary, in order of their ids");
    v("image", image, "stands where a picture or clip is");
    v("end_of_chunk", end_of_chunk, "ends the text that belongs to a picture");
    v("style", style, "how prompts are written: flamingo or idefics");
  }
};

/// The whole model.
struct FlamingoConfig {
  vision::EncoderConfig vision;
  std::optional<resampler::ResamplerConfig> resampler;
  bool widen_media = false;
  lm::GatedXattnConfig xattn;
  lm::DecoderConfig lm;
  TokenConfig tokens;
  media::TransformConfig transform;

  template <class Visitor>
  void visit(Visitor& v) {
    v("vision", vision, "vision encoder");
    v("resampler", resampler, "resampler; null: encoder features go to the LM directly");
    v("widen_media", widen_media,
      "a linear layer from Dr to D before the gated layers (fits the paper's counts)");
    v("xattn", xattn, "gated cross-attention layers");
    v("lm", lm, "language model");
    v("tokens", tokens, "special tokens");
    v("transform", transform, "picture preparation");
  }

  /// Throws Error when parts do not fit each other.
  void validate() const;
};

}  // namespace flamingo::model
