#include "flamingo/corpus/picture_overlap.h"

#include <algorithm>

#include "flamingo/core/checked.h"
#include "flamingo/core/error.h"
#include "flamingo/corpus/picture_hash.h"
#include "flamingo/media/convert.h"

namespace flamingo::corpus {
namespace {

/// 0 for a damaged picture.
uint64_t hash_of(const pictures::LabelledPictures& set, int64_t picture) {
  try {
    return picture_hash(media::composite_over_white(set.image(picture)));
  } catch (const Error&) {
    return 0;
  }
}

}  // namespace

std::vector<PictureOverlap> picture_overlaps(
    const pictures::LabelledPictures& set, const std::string& split, int most,
    const std::function<void(int64_t done, int64_t total)>& on_picture) {
  require_within("picture_overlaps", "bits", int64_t{most}, 0, 64);
  const std::vector<int64_t> inside = set.pictures_in(split);
  require(!inside.empty(), "picture_overlaps", "expected pictures of split \"{}\", got {}", split,
          set.splits_text());
  const int64_t total = std::ssize(set.pictures());
  std::vector<uint64_t> hashes;
  for (int64_t i = 0; i < total; ++i) {
    hashes.push_back(hash_of(set, i));
    if (on_picture) on_picture(i + 1, total);
  }
  std::vector<PictureOverlap> overlaps;
  for (int64_t i = 0; i < total; ++i) {
    const uint64_t hash = hashes[static_cast<size_t>(i)];
    if (hash == 0 || set.picture(i).split == split) continue;
    PictureOverlap nearest{.picture = i, .distance = most + 1};
    for (const int64_t other : inside) {
      const uint64_t there = hashes[static_cast<size_t>(other)];
      const int distance = hash_distance(hash, there);
      if (there != 0 && distance < nearest.distance)
        nearest = {.picture = i, .like = other, .distance = distance};
    }
    if (nearest.distance <= most) overlaps.push_back(nearest);
  }
  return overlaps;
}

}  // namespace flamingo::corpus
