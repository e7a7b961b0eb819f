#pragma once

#include <cstdint>
#include <memory>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "flamingo/core/config.h"
#include "flamingo/media/image.h"

namespace flamingo::pictures {

/// The split that training takes unless a recipe says otherwise.
inline constexpr const char* kTrainSplit = "train";

/// What one or more pictures show: a species, a product, a person's cat.
struct PictureClass {
  std::string key;
  std::string name;
  std::vector<std::string> tags;
  std::string group;
  bool mirrorable = true;

  template <class Visitor>
  void visit(Visitor& v) {
    v("key", key, "tells the class from all others");
    v("name", name, "what it is called");
    v("tags", tags, "further names and words");
    v("group", group, "classes that are alike, such as food-fruit; may be empty");
    v("mirrorable", mirrorable, "a mirrored picture still fits the name");
  }
};

/// One picture of a class; its index in the set is its number.
struct LabelledPicture {
  int64_t class_index = 0;
  std::string style;
  std::string split = kTrainSplit;
  bool line_art = false;

  template <class Visitor>
  void visit(Visitor& v) {
    v("class", class_index, "index into the classes");
    v("style", style, "how it is made, such as photo or sketch; may be empty");
    v("split", split, "what it may be used for: train, or any other name");
    v("line_art", line_art, "black lines on nothing, which variation may recolour");
  }
};

/// Labels of pictures, without their pixels.
struct PictureTable {
  std::vector<PictureClass> classes;
  std::vector<LabelledPicture> pictures;

  /// Throws Error naming `where` on a picture of a class that there is not.
  void validate(const std::string& where) const;
};

/// Where the pixels of labelled pictures come from.
class PixelSource {
 public:
  virtual ~PixelSource() = default;
  /// Picture i as RGB or RGBA. Throws Error naming it where it is damaged.
  virtual media::Image read(int64_t picture) const = 0;
  /// What picture i is called, for messages.
  virtual std::string name(int64_t picture) const = 0;
  /// SHA-256 of all pictures, 64 hex digits.
  virtual std::string hash() const = 0;
};

/// Pictures with labels, from whatever files (see open_pictures). Copies are cheap and share them.
/// Threads may read it together.
class LabelledPictures {
 public:
  /// Throws Error naming `where` when the table is not valid or empty.
  LabelledPictures(PictureTable table, std::shared_ptr<const PixelSource> pixels,
                   const std::string& where);

  const std::vector<PictureClass>& classes() const { return shared_->table.classes; }
  const std::vector<LabelledPicture>& pictures() const { return shared_->table.pictures; }
  const LabelledPicture& picture(int64_t index) const;
  const PictureClass& class_of(int64_t picture) const;

  /// RGB or RGBA. Throws Error: an index out of range, a damaged picture.
  media::Image image(int64_t picture) const;
  /// What a picture is called, for messages.
  std::string name(int64_t picture) const { return shared_->pixels->name(picture); }
  /// SHA-256 of all pictures; reads them all.
  std::string hash() const { return shared_->pixels->hash(); }

  /// Indices of the pictures of a split, rising.
  std::vector<int64_t> pictures_in(std::string_view split) const;
  /// Indices of the classes that have pictures in a split, rising.
  std::vector<int64_t> classes_in(std::string_view split) const;
  /// Indices of a class's pictures, rising.
  const std::vector<int64_t>& pictures_of(int64_t class_index) const {
    return shared_->pictures_by_class.at(static_cast<size_t>(class_index));
  }
  /// Those in a split; with styles, of these only.
  std::vector<int64_t> pictures_of(int64_t class_index, std::string_view split,
                                   const std::vector<std::string>& styles = {}) const;
  /// The first picture of a class in a style, or nothing.
  std::optional<int64_t> find_picture(int64_t class_index, std::string_view style) const;
  /// How many pictures each split has, for messages: "train 12, unseen 3".
  std::string splits_text() const;

 private:
  /// What all copies of a set have in common.
  struct Shared {
    PictureTable table;
    std::shared_ptr<const PixelSource> pixels;
    std::vector<std::vector<int64_t>> pictures_by_class;
  };
  std::shared_ptr<const Shared> shared_;
};

/// RGBA pixels without their alpha where nothing is see-through, else as they are.
media::Image without_full_alpha(media::Image rgba);

}  // namespace flamingo::pictures
