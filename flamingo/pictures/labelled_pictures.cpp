#include "flamingo/pictures/labelled_pictures.h"

#include <algorithm>
#include <map>

#include "flamingo/core/error.h"

namespace flamingo::pictures {

void PictureTable::validate(const std::string& where) const {
  const auto count = std::ssize(classes);
  for (size_t i = 0; i < pictures.size(); ++i) {
    const int64_t index = pictures[i].class_index;
    require(index >= 0 && index < count, where, "picture {}: expected a class below {}, got {}", i,
            count, index);
  }
}

LabelledPictures::LabelledPictures(PictureTable table, std::shared_ptr<const PixelSource> pixels,
                                   const std::string& where) {
  require(!table.pictures.empty(), where, "expected at least one picture, got none");
  table.validate(where);
  auto shared = std::make_shared<Shared>();
  shared->pictures_by_class.resize(table.classes.size());
  for (size_t i = 0; i < table.pictures.size(); ++i) {
    shared->pictures_by_class[static_cast<size_t>(table.pictures[i].class_index)].push_back(
        static_cast<int64_t>(i));
  }
  shared->table = std::move(table);
  shared->pixels = std::move(pixels);
  shared_ = std::move(shared);
}

const LabelledPicture& LabelledPictures::picture(int64_t index) const {
  require(index >= 0 && index < std::ssize(pictures()), "pictures",
          "expected a picture below {}, got {}", pictures().size(), index);
  return pictures()[static_cast<size_t>(index)];
}

const PictureClass& LabelledPictures::class_of(int64_t index) const {
  return classes()[static_cast<size_t>(picture(index).class_index)];
}

media::Image LabelledPictures::image(int64_t index) const {
  picture(index);  // checks it
  return shared_->pixels->read(index);
}

std::vector<int64_t> LabelledPictures::pictures_in(std::string_view split) const {
  std::vector<int64_t> found;
  for (size_t i = 0; i < pictures().size(); ++i) {
    if (pictures()[i].split == split) found.push_back(static_cast<int64_t>(i));
  }
  return found;
}

std::vector<int64_t> LabelledPictures::classes_in(std::string_view split) const {
  std::vector<int64_t> found;
  for (int64_t i = 0; i < std::ssize(classes()); ++i) {
    if (!pictures_of(i, split).empty()) found.push_back(i);
  }
  return found;
}

std::vector<int64_t> LabelledPictures::pictures_of(int64_t class_index, std::string_view split,
                                                   const std::vector<std::string>& styles) const {
  std::vector<int64_t> found;
  for (const int64_t i : pictures_of(class_index)) {
    const LabelledPicture& picture = pictures()[static_cast<size_t>(i)];
    if (picture.split == split && (styles.empty() || std::ranges::count(styles, picture.style) > 0))
      found.push_back(i);
  }
  return found;
}

std::optional<int64_t> LabelledPictures::find_picture(int64_t class_index,
                                                      std::string_view style) const {
  for (const int64_t i : pictures_of(class_index)) {
    if (pictures()[static_cast<size_t>(i)].style == style) return i;
  }
  return std::nullopt;
}

std::string LabelledPictures::splits_text() const {
  std::map<std::string, int64_t> counts;
  for (const LabelledPicture& picture : pictures()) ++counts[picture.split];
  std::string text;
  for (const auto& [split, count] : counts)
    text += (text.empty() ? "" : ", ") + split + " " + std::to_string(count);
  return text;
}

media::Image without_full_alpha(media::Image rgba) {
  std::vector<uint8_t>& pixels = rgba.pixels;
  for (size_t i = 3; i < pixels.size(); i += 4) {
    if (pixels[i] != 255) return rgba;
  }
  for (size_t i = 0; i < pixels.size() / 4; ++i)
    std::copy_n(pixels.begin() + static_cast<int64_t>(4 * i), 3,
                pixels.begin() + static_cast<int64_t>(3 * i));
  pixels.resize(pixels.size() / 4 * 3);
  rgba.mode = media::PixelMode::kRgb;
  return rgba;
}

}  // namespace flamingo::pictures
