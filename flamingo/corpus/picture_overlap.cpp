#include "flamingo/corpus/picture_overlap.h"

#include "flamingo/core/error.h"
#include "flamingo/corpus/picture_hash.h"
#include "flamingo/corpus/picture_index.h"
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
  PictureIndex index(most);
  require(!set.pictures_in(split).empty(), "picture_overlaps",
          "expected pictures of split \"{}\", got {}", split, set.splits_text());
  const int64_t total = std::ssize(set.pictures());
  std::vector<uint64_t> hashes;
  std::vector<int64_t> inside;  // by number in the index
  for (int64_t i = 0; i < total; ++i) {
    hashes.push_back(hash_of(set, i));
    if (hashes.back() != 0 && set.picture(i).split == split) {
      index.add(hashes.back());
      inside.push_back(i);
    }
    if (on_picture) on_picture(i + 1, total);
  }
  std::vector<PictureOverlap> overlaps;
  for (int64_t i = 0; i < total; ++i) {
    const uint64_t hash = hashes[static_cast<size_t>(i)];
    if (hash == 0 || set.picture(i).split == split) continue;
    const auto found = index.find(hash);
    if (!found) continue;
    const int64_t like = inside[*found];
    overlaps.push_back({i, like, hash_distance(hash, hashes[static_cast<size_t>(like)])});
  }
  return overlaps;
}

}  // namespace flamingo::corpus
