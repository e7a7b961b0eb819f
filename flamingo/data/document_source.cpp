#include "flamingo/data/document_source.h"

#include <algorithm>
#include <limits>
#include <optional>

#include "flamingo/core/checked.h"
#include "flamingo/core/error.h"

#ifdef FLAMINGO_MEDIA

#include "flamingo/data/document_list.h"
#include "flamingo/io/sha256.h"
#include "flamingo/media/convert.h"
#include "flamingo/media/video.h"

namespace flamingo::data {
namespace {

std::span<const std::byte> bytes_of(const document::MediaItem& media_item,
                                    const std::string& where) {
  require(!media_item.bytes.empty(), where,
          "expected a media item with its bytes, got an address only");
  return std::as_bytes(std::span(media_item.bytes));
}

/// Varies a picture, which is over white already, and prepares it for the encoder: pixels
/// [3, S, S] at `out`.
void write_pixels(media::Image image, const media::Variation& variation,
                  const media::TransformConfig& transform, float* out) {
  media::apply_variation(variation, image);
  std::ranges::copy(media::transform_image(image, transform).values, out);
}

/// A picture varied and prepared for the encoder -> [1, 3, S, S].
at::Tensor picture_pixels(std::span<const std::byte> bytes, const std::string& where,
                          const DocumentSourceConfig& config,
                          const media::TransformConfig& transform, Rng& rng) {
  const media::Image image = media::decode_image(bytes, where, {.limits = config.limits.image});
  const media::Variation variation = media::sample_variation(config.variation, rng);
  const auto pixels = at::empty({1, 3, transform.size, transform.size}, at::kFloat);
  write_pixels(media::composite_over_white(image), variation, transform, pixels.data_ptr<float>());
  return pixels;
}

/// A random run of at most max_frames frames, varied alike -> [F, 3, S, S]. Nothing else of the
/// clip is decoded but its ends.
at::Tensor clip_pixels(media::Video& clip, const DocumentSourceConfig& config,
                       const media::TransformConfig& transform, Rng& rng) {
  const int64_t count = std::min(clip.num_moments(), config.max_frames);
  const auto first =
      static_cast<int64_t>(rng.below(static_cast<uint64_t>(clip.num_moments() - count + 1)));
  const media::Variation variation = media::sample_variation(config.variation, rng);
  const auto pixels = at::empty({count, 3, transform.size, transform.size}, at::kFloat);
  int64_t f = 0;
  clip.read(first, count, [&](media::VideoFrame frame) {
    write_pixels(std::move(frame.image), variation, transform, pixels[f++].data_ptr<float>());
  });
  return pixels;
}

}  // namespace

struct DocumentSource::State {
  DocumentSourceConfig config;
  SequenceFormat format;
  DocumentList documents;
  std::vector<int64_t> first_media_item;  ///< number of each document's first media item
  std::vector<int64_t> pictures;          ///< numbers of those that cached_views is about
  std::string media_hash;                 ///< SHA-256 of all media
  ViewStore store;

  /// Numbers all media and hashes them, in the one reading that both take.
  void list_pictures() {
    io::Sha256 hash;
    int64_t number = 0;
    for (int64_t i = 0; i < documents.size(); ++i) {
      first_media_item.push_back(number);
      for (const document::MediaItem& media_item : media_of(i)) {
        const uint64_t size = media_item.bytes.size();
        hash.update(std::as_bytes(std::span(&media_item.kind, 1)));
        hash.update(std::as_bytes(std::span(&size, 1)));
        hash.update(std::as_bytes(std::span(media_item.bytes)));
        if (media_item.kind == document::MediaKind::kImage) pictures.push_back(number);
        ++number;
      }
    }
    media_hash = hash.hex();
  }
  /// None where the document is damaged.
  std::vector<document::MediaItem> media_of(int64_t document) const {
    try {
      return documents.read(document).media;
    } catch (const Error&) {
      return {};
    }
  }
  /// The document that holds a media item, by its number.
  int64_t document_of(int64_t number) const {
    return std::ranges::upper_bound(first_media_item, number) - first_media_item.begin() - 1;
  }
  /// The picture of a number, over white. Throws Error where it is damaged.
  media::Image picture(int64_t number) const {
    const int64_t document = document_of(number);
    const auto media = documents.read(document).media;
    const int64_t index = number - first_media_item.at(static_cast<size_t>(document));
    const std::string name = documents.name_of(document);
    return media::composite_over_white(
        media::decode_image(bytes_of(media.at(static_cast<size_t>(index)), name), name,
                            {.limits = config.limits.image}));
  }
  media::Variation variation_of(const ViewRef& view) const {
    Rng rng = Rng::for_name(
        config.seed, "picture." + std::to_string(view.picture) + "." + std::to_string(view.view));
    return media::sample_variation(config.variation, rng);
  }
  /// MediaItem m of document `number` as pixels, or as one of its views that are ready. Adds up a
  /// clip's damaged frames.
  SequenceMediaItem show(int64_t document, const std::vector<document::MediaItem>& media, int64_t m,
                         Rng& rng, int64_t& frames_bad) const {
    const document::MediaItem& media_item = media[static_cast<size_t>(m)];
    if (store.has && media_item.kind == document::MediaKind::kImage) {
      const int64_t number = first_media_item[static_cast<size_t>(document)] + m;
      Rng choice = rng;
      const ViewRef view{
          .picture = number,
          .view = static_cast<int64_t>(choice.below(static_cast<uint64_t>(config.cached_views))),
          .store = store.number};
      if (store.has(view)) {
        media::sample_variation(config.variation, rng);  // leaves rng as pixels do
        return MediaFrames{view};
      }
    }
    const std::string name = documents.name_of(document);
    const auto bytes = bytes_of(media_item, name);
    if (media_item.kind == document::MediaKind::kImage)
      return picture_pixels(bytes, name, config, format.transform, rng);
    media::Video clip(bytes, name, {.fps = config.fps, .limits = config.limits.video});
    auto pixels = clip_pixels(clip, config, format.transform, rng);
    frames_bad += clip.frames_bad();
    return pixels;
  }
  /// Nothing where the window has no target.
  std::optional<Sequence> make(int64_t number, Rng& rng) const {
    const document::Document document = documents.read(number);
    auto window =
        document::sample_window(format.tokenizer, document, config.window, rng, format.marks);
    if (std::ranges::count(window.label, 1) == 0) return {};
    Sequence sequence{.ids = std::move(window.ids),
                      .phi = std::move(window.phi),
                      .label = std::move(window.label),
                      .key = documents.name_of(number)};
    for (const int64_t m : window.media) {
      sequence.media.push_back(show(number, document.media, m, rng, sequence.frames_bad));
    }
    return sequence;
  }
};

DocumentSource::DocumentSource(const DocumentSourceConfig& config, const SequenceFormat& format,
                               std::string name)
    : SequenceSource(std::move(name)) {
  config.validate();
  auto state = std::make_unique<State>(
      State{.config = config, .format = format, .documents = {config.files, config.reading}});
  if (config.cached_views > 0) state->list_pictures();
  state_ = std::move(state);
}

int64_t DocumentSource::num_documents() const { return state_->documents.size(); }
std::vector<std::string> DocumentSource::warnings() const { return state_->documents.warnings(); }

Sequence DocumentSource::sequence(int64_t index, std::vector<std::string>& damaged) const {
  return state_->documents.draw(
      index, state_->config.seed, damaged,
      [this](int64_t document, Rng& rng) { return state_->make(document, rng); });
}

SourceViews DocumentSource::views() const {
  return {.pictures = state_->pictures, .views = state_->config.cached_views};
}

Json DocumentSource::views_key() const {
  return {{"pictures", state_->media_hash},
          {"transform", config_to_json(state_->format.transform)},
          {"variation", config_to_json(state_->config.variation)},
          {"seed", state_->config.seed}};
}

at::Tensor DocumentSource::render(std::span<const ViewRef> views,
                                  std::vector<std::string>& damaged) const {
  const media::TransformConfig& transform = state_->format.transform;
  const auto pixels = at::full({std::ssize(views), 3, transform.size, transform.size},
                               std::numeric_limits<float>::quiet_NaN(), at::kFloat);
  std::optional<media::Image> image;
  for (size_t i = 0; i < views.size(); ++i) {
    const ViewRef& view = views[i];
    try {
      if (i == 0 || view.picture != views[i - 1].picture) {
        image.reset();
        image = state_->picture(view.picture);
      }
      if (image)
        write_pixels(*image, state_->variation_of(view), transform,
                     pixels[static_cast<int64_t>(i)].data_ptr<float>());
    } catch (const Error& error) {
      const std::string name = state_->documents.name_of(state_->document_of(view.picture));
      if (view.view == 0) damaged.push_back(name + ": " + error.what());
    }
  }
  return pixels;
}

void DocumentSource::use_views(ViewStore store) { state_->store = std::move(store); }

SequenceBatch DocumentSource::batch(int64_t index, const BatchShare& share) const {
  const int64_t size = state_->config.batch;
  SequenceBatch batch;
  for (int64_t i = share.begin(size); i < share.end(size); ++i)
    batch.sequences.push_back(sequence(index * size + i, batch.damaged));
  return batch;
}

#else

namespace flamingo::data {

struct DocumentSource::State {};

DocumentSource::DocumentSource(const DocumentSourceConfig&, const SequenceFormat&, std::string name)
    : SequenceSource(std::move(name)) {
  fail("documents", "expected a build with media libraries, got one built without media",
       Hint{"configure with -DFLAMINGO_MEDIA=ON"});
}
int64_t DocumentSource::num_documents() const { return 0; }
std::vector<std::string> DocumentSource::warnings() const { return {}; }
SourceViews DocumentSource::views() const { return {}; }
Json DocumentSource::views_key() const { return {}; }
at::Tensor DocumentSource::render(std::span<const ViewRef>, std::vector<std::string>&) const {
  return {};
}
void DocumentSource::use_views(ViewStore) {}
Sequence DocumentSource::sequence(int64_t, std::vector<std::string>&) const { return {}; }
SequenceBatch DocumentSource::batch(int64_t, const BatchShare&) const { return {}; }

#endif

DocumentSource::~DocumentSource() = default;

void DocumentSourceConfig::validate() const {
  require(!files.empty(), "documents.files", "expected at least one file, got none");
#ifdef FLAMINGO_MEDIA
  limits.validate();
  window.validate();
  variation.validate();
#endif
  require_within("documents", "fps", fps, 0.01, 60);
  require_within("documents", "max_frames", max_frames, 1, 256);
  require_within("documents", "batch", batch, 1, 1 << 16);
  require_within("documents", "cached_views", cached_views, 0, 1 << 10);
}

}  // namespace flamingo::data
