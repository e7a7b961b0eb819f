#include "flamingo/pictures/pack.h"

#ifdef FLAMINGO_MEDIA
#include <utility>

#include "flamingo/core/checked.h"
#include "flamingo/core/error.h"
#include "flamingo/core/memory.h"
#include "flamingo/media/convert.h"
#include "flamingo/pictures/packed_pictures.h"
#include "flamingo/pictures/square_picture.h"

namespace flamingo::pictures {

std::vector<std::string> pack_pictures(
    const LabelledPictures& set, int64_t side, const std::string& path,
    const std::function<void(int64_t done, int64_t total)>& on_picture) {
  require_within("pack_pictures", "side", side, 8, kMaxPackedSide);
  PictureTable table{.classes = set.classes()};
  std::vector<uint8_t> pixels;
  std::vector<std::string> damaged;
  const auto total = std::ssize(set.pictures());
  const int64_t bytes = total * side * side * 4;  // RGBA
  require(bytes <= machine_memory(), path,
          "expected pixels that fit into the machine's {} GiB of memory, got {} GiB",
          machine_memory() >> 30, bytes >> 30, Hint{"a smaller side"});
  for (int64_t i = 0; i < total; ++i) {
    try {
      const media::Image square =
          centred(at_most(media::convert_to_rgba(set.image(i)), side), side);
      pixels.insert(pixels.end(), square.pixels.begin(), square.pixels.end());
      table.pictures.push_back(set.picture(i));
    } catch (const Error& error) {
      damaged.emplace_back(error.what());
    }
    if (on_picture) on_picture(i + 1, total);
  }
  require(!table.pictures.empty(), path, "expected pictures, could read none of {}", total);
  write_packed(path, std::move(table), side, pixels);
  return damaged;
}

}  // namespace flamingo::pictures
#endif  // FLAMINGO_MEDIA
