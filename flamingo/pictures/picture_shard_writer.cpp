#include "flamingo/pictures/picture_shard_writer.h"

#ifdef FLAMINGO_MEDIA
#include <algorithm>

#include "flamingo/pictures/picture_record.h"

namespace flamingo::pictures {

void PictureShardWriter::add(const PictureClass& shown, const LabelledPicture& picture,
                             const media::Image& image) {
  const std::string number = std::to_string(size_++);
  const std::string key = std::string(6 - std::min<size_t>(6, number.size()), '0') + number;
  tar_.add(key + ".png", media::encode_png(image));
  tar_.add(key + ".json", record_to_json(shown, picture).dump());
}

}  // namespace flamingo::pictures
#endif  // FLAMINGO_MEDIA
