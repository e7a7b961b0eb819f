#include "flamingo/train/train_sources.h"

#include <algorithm>
#include <memory>
#include <utility>

#include "flamingo/core/checked.h"
#include "flamingo/core/error.h"

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
  if (documents) {
    documents->validate();
    require(documents->cached_views == 0 || name.find('/') == std::string::npos, where,
            "expected a name that can be a folder's where cached_views is above 0, got a \"/\"");
  }
  if (episodes) episodes->validate();
}

void ValidationConfig::validate() {
  require_within("validation", "batches", batches, 1, 1 << 20);
  for (SourceConfig& source : sources) {
    source.validate();
    if (!source.documents.has_value())
      fail("validation.sources." + source.name, "expected documents, got episodes");
  }
}

bool has_episodes(const std::vector<SourceConfig>& sources) {
  return std::ranges::any_of(sources, [](const auto& s) { return s.episodes.has_value(); });
}

int64_t episode_views(const std::vector<SourceConfig>& sources) {
  int64_t views = 0;
  for (const SourceConfig& source : sources) {
    if (source.episodes) views = std::max(views, source.episodes->views);
  }
  return views;
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

TrainSource episode_source(const SourceConfig& config, const data::PictogramSet& set,
                           const data::SequenceTokens& tokens, const text::Tokenizer& tokenizer) {
  const auto words =
      data::one_token_words(tokenizer, std::min(config.episodes->binding_words, kMaxWords));
  auto episodes = std::make_shared<const data::Episodes>(set, tokens, words, *config.episodes);
  const auto make = [episodes](int64_t index, const data::BatchShare& share) {
    auto all = episodes->batch(index);
    const auto size = std::ssize(all);
    return data::SequenceBatch{{std::make_move_iterator(all.begin() + share.begin(size)),
                                std::make_move_iterator(all.begin() + share.end(size))},
                               {}};
  };
  return {config.name, config.weight, make};
}

TrainSource document_source(const SourceConfig& config,
                            std::shared_ptr<const data::DocumentSource> documents) {
  return {config.name, config.weight,
          [documents = std::move(documents)](int64_t index, const data::BatchShare& share) {
            return documents->batch(index, share);
          }};
}

SourceConfig unvaried(SourceConfig source) {
  data::DocumentSourceConfig& documents = *source.documents;
  documents.variation.flip = 0;
  documents.variation.colour = 0;
  documents.cached_views = std::min<int64_t>(documents.cached_views, 1);
  return source;
}

}  // namespace flamingo::train
