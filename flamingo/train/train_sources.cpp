#include "flamingo/train/train_sources.h"

#include <algorithm>
#include <filesystem>
#include <memory>
#include <utility>

#include "flamingo/core/checked.h"
#include "flamingo/core/error.h"
#include "flamingo/pictures/open_pictures.h"

namespace flamingo::train {
namespace {

constexpr int64_t kMaxWords = 1 << 16;
constexpr const char* kIdeficsMark = "<fake_token_around_image><image><fake_token_around_image>";

}  // namespace

void SourceConfig::validate() {
  require(!name.empty(), "sources", "expected a name for each source, got none");
  const std::string where = "sources." + name;
  require(documents.has_value() != episodes.has_value(), where,
          "expected either documents or episodes, got both or neither");
  require_within(where, "weight", weight, 1e-9, 1e9);
  if (documents) documents->validate();
  if (episodes) {
    episodes->validate();
    require(!episodes->pictures.empty(), where + ".episodes",
            "expected labelled pictures, got none",
            Hint{"flamingo data pictograms makes some; docs/data.md labels your own"});
  }
  const bool keeps_features = episodes || documents->cached_views > 0;
  require(!keeps_features || name.find('/') == std::string::npos, where,
          "expected a name that can be a folder's, got one with \"/\"");
}

void ValidationConfig::validate() {
  require_within("validation", "batches", batches, 1, 1 << 20);
  for (SourceConfig& source : sources) {
    source.validate();
    if (!source.documents.has_value())
      fail("validation.sources." + source.name, "expected documents, got episodes");
  }
}

data::SequenceTokens sequence_tokens(const text::Tokenizer& tokenizer,
                                     const model::TokenConfig& tokens) {
  data::SequenceTokens result;
  if (const auto bos = tokenizer.bos_id()) result.bos = {*bos};
  result.image = tokenizer.encode(tokens.image);
  result.eoc = tokenizer.encode(tokens.end_of_chunk);
  require(!result.image.empty() && !result.eoc.empty(), "tokens",
          "expected marks of at least one token, got an empty one");
  result.encode = [tokenizer](const std::string& text) { return tokenizer.encode_plain(text); };
  return result;
}

data::SequenceFormat sequence_format(const text::Tokenizer& tokenizer,
                                     const model::FlamingoConfig& model) {
  data::SequenceFormat format{.tokenizer = tokenizer, .marks = {}, .transform = model.transform};
  if (model.tokens.style == model::PromptStyle::kIdefics) {
    format.marks.image_mark = kIdeficsMark;
    format.marks.end_of_chunk.clear();  // its chunks do not end
  } else {
    format.marks.image_mark = model.tokens.image;
    format.marks.end_of_chunk = model.tokens.end_of_chunk;
  }
  return format;
}

std::shared_ptr<data::SequenceSource> make_source(const SourceConfig& config,
                                                  const text::Tokenizer& tokenizer,
                                                  const model::FlamingoConfig& model) {
  if (config.documents)
    return std::make_shared<data::DocumentSource>(*config.documents,
                                                  sequence_format(tokenizer, model), config.name);
  const data::EpisodeConfig& episodes = *config.episodes;
  data::EpisodeParts parts{
      .tokens = sequence_tokens(tokenizer, model.tokens),
      .words = data::one_token_words(tokenizer, std::min(episodes.binding_words, kMaxWords)),
      .transform = model.transform};
  return std::make_shared<data::EpisodeSource>(
      config.name, pictures::open_pictures(episodes.pictures), std::move(parts), episodes);
}

bool has_files(const SourceConfig& config) {
  const auto exists = [](const std::string& file) { return std::filesystem::exists(file); };
  return config.documents ? std::ranges::all_of(config.documents->files, exists)
                          : exists(config.episodes->pictures);
}

SourceConfig unvaried(SourceConfig source) {
  data::DocumentSourceConfig& documents = *source.documents;
  documents.variation.flip = 0;
  documents.variation.colour = 0;
  documents.cached_views = std::min<int64_t>(documents.cached_views, 1);
  return source;
}

}  // namespace flamingo::train
