#include "flamingo/pictures/open_pictures.h"

#include <filesystem>

#include "flamingo/core/error.h"
#include "flamingo/pictures/packed_pictures.h"
#include "flamingo/pictures/picture_files.h"

namespace flamingo::pictures {
namespace {

namespace fs = std::filesystem;

#ifdef FLAMINGO_MEDIA
bool holds_shards(const fs::path& folder) {
  for (const auto& entry : fs::recursive_directory_iterator(folder)) {
    if (entry.path().extension() == ".tar") return true;
    if (is_picture_name(entry.path().string())) return false;
  }
  return false;
}

LabelledPictures open_files(const std::string& path, const media::ImageLimits& limits) {
  if (fs::is_directory(path)) {
    for (const char* list : {"/metadata.jsonl", "/metadata.csv"}) {
      if (fs::exists(path + list)) return open_picture_list(path + list, limits);
    }
    return holds_shards(path) ? open_picture_shards(path, limits)
                              : open_class_folders(path, limits);
  }
  if (path.ends_with(".jsonl") || path.ends_with(".csv")) return open_picture_list(path, limits);
  if (path.ends_with(".tar")) return open_picture_shards(path, limits);
  fail(path, "expected labelled pictures, got a file of another name",
       Hint{"a folder of class folders, .jsonl, .csv, .tar or packed .safetensors"});
}
#else
LabelledPictures open_files(const std::string& path, const media::ImageLimits&) {
  fail(path, "expected packed pictures (.safetensors) in a build without media libraries",
       Hint{"pack them with flamingo data pictures -o, or configure with -DFLAMINGO_MEDIA=ON"});
}
#endif

}  // namespace

LabelledPictures open_pictures(const std::string& path, const media::ImageLimits& limits) {
  require(!path.empty(), "pictures", "expected a file or folder of labelled pictures, got none",
          Hint{"flamingo data pictograms makes one; docs/data.md shows others"});
  require(fs::exists(path), path, "expected labelled pictures, got no such file or folder");
  if (path.ends_with(".safetensors")) return open_packed(path);
  return open_files(path, limits);
}

}  // namespace flamingo::pictures
