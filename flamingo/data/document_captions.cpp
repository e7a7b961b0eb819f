#include "flamingo/data/document_captions.h"

#include "flamingo/core/error.h"

#ifdef FLAMINGO_MEDIA
#include <ATen/ops/empty.h>

#include <algorithm>
#include <optional>

#include "flamingo/core/ascii.h"
#include "flamingo/core/rng.h"
#include "flamingo/data/document_list.h"
#include "flamingo/media/convert.h"

namespace flamingo::data {
namespace {

/// A picture and its words.
struct Captioned {
  media::Image image;  ///< RGB, varied
  std::string caption;
};

/// What a document says of media item m; empty: nothing.
std::string caption_of(const document::Document& document, int64_t m) {
  const std::string alt(ascii_trim(document.media[static_cast<size_t>(m)].alt));
  if (!alt.empty()) return alt;
  for (size_t p = 0; p + 1 < document.parts.size(); ++p) {
    if (document.parts[p].media_item == m)
      return std::string(ascii_trim(document.parts[p + 1].text));
  }
  return {};
}

/// The pictures of a document that have a file and words, by index.
std::vector<int64_t> captioned_pictures(const document::Document& document) {
  std::vector<int64_t> found;
  for (int64_t m = 0; m < std::ssize(document.media); ++m) {
    const document::MediaItem& media_item = document.media[static_cast<size_t>(m)];
    const bool shown = media_item.kind == document::MediaKind::kImage && !media_item.bytes.empty();
    if (shown && !caption_of(document, m).empty()) found.push_back(m);
  }
  return found;
}

}  // namespace

struct DocumentCaptions::State {
  DocumentSourceConfig config;
  media::TransformConfig transform;
  DocumentList documents;

  /// Nothing where the document has no captioned picture.
  std::optional<Captioned> make(int64_t number, Rng& rng) const {
    const document::Document document = documents.read(number);
    const auto found = captioned_pictures(document);
    if (found.empty()) return {};
    const int64_t m = found[rng.below(found.size())];
    const std::string& bytes = document.media[static_cast<size_t>(m)].bytes;
    media::Image image = media::composite_over_white(
        media::decode_image(std::as_bytes(std::span(bytes)), documents.name_of(number),
                            {.limits = config.limits.image}));
    media::apply_variation(media::sample_variation(config.variation, rng), image);
    return Captioned{std::move(image), caption_of(document, m)};
  }
};

DocumentCaptions::DocumentCaptions(const DocumentSourceConfig& config,
                                   const media::TransformConfig& transform, std::string name)
    : CaptionSource(std::move(name)),
      state_(new State{config, transform, {config.files, config.reading}}) {}

std::vector<std::string> DocumentCaptions::warnings() const { return state_->documents.warnings(); }

CaptionedBatch DocumentCaptions::batch(int64_t index, const BatchShare& share) const {
  const int64_t size = state_->config.batch, side = state_->transform.size;
  const int64_t begin = share.begin(size), end = share.end(size);
  CaptionedBatch batch;
  batch.pixels = at::empty({end - begin, 3, side, side}, at::kFloat);
  for (int64_t row = begin; row < end; ++row) {
    const Captioned made = state_->documents.draw(
        index * size + row, state_->config.seed, batch.damaged,
        [this](int64_t document, Rng& rng) { return state_->make(document, rng); });
    std::ranges::copy(media::transform_image(made.image, state_->transform).values,
                      batch.pixels[row - begin].data_ptr<float>());
    batch.concepts.push_back(
        static_cast<int64_t>(Rng::for_name(0, ascii_lower(made.caption)).next()));
    batch.captions.push_back(made.caption);
    batch.rows.push_back(row);
  }
  return batch;
}

Json DocumentCaptions::identity() const { return {{"documents", state_->documents.size()}}; }

#else

namespace flamingo::data {

struct DocumentCaptions::State {};

DocumentCaptions::DocumentCaptions(const DocumentSourceConfig&, const media::TransformConfig&,
                                   std::string name)
    : CaptionSource(std::move(name)) {
  fail("documents", "expected a build with media libraries, got one built without media",
       Hint{"configure with -DFLAMINGO_MEDIA=ON"});
}
std::vector<std::string> DocumentCaptions::warnings() const { return {}; }
CaptionedBatch DocumentCaptions::batch(int64_t, const BatchShare&) const { return {}; }
Json DocumentCaptions::identity() const { return {}; }

#endif

DocumentCaptions::~DocumentCaptions() = default;

}  // namespace flamingo::data
