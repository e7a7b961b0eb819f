#pragma once

#include <map>
#include <string>
#include <utility>
#include <vector>

#include "flamingo/core/config.h"
#include "flamingo/pictures/labelled_pictures.h"

namespace flamingo::pictures {

/// What a file says about one picture.
struct PictureRecord {
  std::string file;                ///< as written; empty where the pixels are beside
  std::string key;                 ///< of its class; empty: its first name
  std::vector<std::string> names;  ///< of its class, then tags
  std::string group, style, split;
  bool mirrorable = true;
  bool line_art = false;
};

/// A record from JSON: "file" or "file_name"; "names" (a list), "name" or "label"; "key", "group",
/// "style", "split", "mirrorable", "line_art". Other fields are left alone. Throws Error naming
/// `where` on a field of another type.
PictureRecord record_from_json(const Json& json, const std::string& where);

/// What record_from_json reads as a picture with these labels; fields with their usual value are
/// left out.
Json record_to_json(const PictureClass& shown, const LabelledPicture& picture);

/// Collects records into classes: one for each key, and those without a key by their first name.
class TableBuilder {
 public:
  /// A picture; the names of a class's pictures are joined. A record without a split is for
  /// training. Throws Error naming `where` when it has no name.
  void add(const PictureRecord& record, const std::string& where);
  /// The table; the builder is empty after it.
  PictureTable build() {
    class_by_key_.clear();
    class_by_name_.clear();
    return std::exchange(table_, {});
  }

 private:
  /// The class of a record, made where there is none.
  int64_t class_of(const PictureRecord& record);

  PictureTable table_;
  std::map<std::string, int64_t> class_by_key_;
  std::map<std::string, int64_t> class_by_name_;  ///< the first of each name
};

}  // namespace flamingo::pictures
