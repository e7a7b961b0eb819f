#include "flamingo/pictogram/documents.h"

#include <algorithm>
#include <cstdio>
#include <filesystem>

#include "flamingo/core/checked.h"
#include "flamingo/core/file.h"
#include "flamingo/document/shard.h"
#include "flamingo/media/video.h"

namespace flamingo::pictogram {
namespace {

document::Document captioned(document::MediaItem media_item, std::string caption,
                             const pictures::PictureClass& pictogram) {
  document::Document document{.url = "pictogram:" + pictogram.key, .licence = "CC-BY-SA-4.0"};
  document.media.push_back(std::move(media_item));
  document.parts = {document::Part::of_media_item(0), document::Part::of_text(std::move(caption))};
  return document;
}

/// The drawings, over and over, each round in an order of its own; entry i of that list.
class DrawingOrder {
 public:
  DrawingOrder(std::vector<int64_t> drawings, uint64_t seed)
      : drawings_(std::move(drawings)), seed_(seed) {}

  int64_t at(int64_t index) {
    const int64_t round = index / std::ssize(drawings_);
    if (round != round_) {
      round_ = round;
      order_ = drawings_;
      Rng rng = Rng::for_name(seed_, "round " + std::to_string(round));
      shuffle(order_, rng);
    }
    return order_[static_cast<size_t>(index % std::ssize(drawings_))];
  }

 private:
  std::vector<int64_t> drawings_, order_;
  uint64_t seed_;
  int64_t round_ = -1;
};

std::string shard_name(int64_t index) {
  char name[32];
  std::snprintf(name, sizeof(name), "%06lld", static_cast<long long>(index));
  return name;
}

}  // namespace

document::Document pictogram_pair(const pictures::LabelledPictures& set, int64_t drawing,
                                  const pictures::CaptionConfig& caption, Rng& rng) {
  const auto& pictogram = set.class_of(drawing);
  const media::Image image = set.image(drawing);
  document::MediaItem media_item{.bytes = media::encode_png(image),
                                 .format = "png",
                                 .width = image.width,
                                 .height = image.height};
  return captioned(std::move(media_item), pictures::sample_caption(pictogram, caption, rng),
                   pictogram);
}

document::Document pictogram_clip(const pictures::LabelledPictures& set, int64_t drawing,
                                  int64_t side, Rng& rng) {
  const auto& pictogram = set.class_of(drawing);
  constexpr auto kMotions = enum_table(Motion{});
  const auto& [motion, words] = kMotions[rng.below(kMotions.size())];
  const MotionClip clip{
      .motion = motion, .ground = pictures::random_colour(rng, 0.6, 1), .side = side};
  const auto frames = render_motion(set.image(drawing), clip);
  document::MediaItem media_item{.kind = document::MediaKind::kVideo,
                                 .bytes = media::encode_video(frames, /*fps=*/1),
                                 .format = "mp4",
                                 .width = clip.side,
                                 .height = clip.side};
  return captioned(std::move(media_item), pictogram.name + " " + words, pictogram);
}

void write_pair_shards(const pictures::LabelledPictures& set, const std::string& folder,
                       const PairShardsConfig& config,
                       const std::function<void(int64_t done, int64_t total)>& on_document) {
  const auto drawings = set.pictures_in(pictures::kTrainSplit);
  require(!drawings.empty(), "write_pair_shards", "expected drawings for training, got none");
  require_within("write_pair_shards", "documents", config.documents, 0, int64_t{1} << 40);
  require_within("write_pair_shards", "documents_per_shard", config.documents_per_shard, 1,
                 1 << 20);
  const int64_t total = config.documents > 0 ? config.documents : std::ssize(drawings);
  DrawingOrder order(drawings, config.seed);
  make_folder(folder);
  for (int64_t begin = 0; begin < total; begin += config.documents_per_shard) {
    const int64_t end = std::min(begin + config.documents_per_shard, total);
    const std::string path = folder + "/" + shard_name(begin / config.documents_per_shard) + ".tar";
    if (std::filesystem::exists(path)) continue;
    document::ShardWriter shard(path);
    for (int64_t i = begin; i < end; ++i) {
      Rng rng = Rng::for_name(config.seed, "document " + std::to_string(i));
      shard.add(shard_name(i), config.clips
                                   ? pictogram_clip(set, order.at(i), config.clip_side, rng)
                                   : pictogram_pair(set, order.at(i), config.caption, rng));
      if (on_document) on_document(i + 1, total);
    }
    shard.finish();
  }
}

}  // namespace flamingo::pictogram
