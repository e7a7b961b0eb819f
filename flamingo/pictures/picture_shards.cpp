#include "flamingo/pictures/picture_files.h"

#ifdef FLAMINGO_MEDIA
#include <algorithm>
#include <charconv>
#include <filesystem>
#include <optional>
#include <string_view>
#include <utility>

#include "flamingo/core/ascii.h"
#include "flamingo/core/error.h"
#include "flamingo/core/file.h"
#include "flamingo/document/sample_pair.h"
#include "flamingo/document/shard.h"
#include "flamingo/io/mapped_file.h"
#include "flamingo/io/sample_groups.h"
#include "flamingo/io/sha256.h"
#include "flamingo/io/tar.h"
#include "flamingo/pictures/picture_record.h"

namespace flamingo::pictures {
namespace {

namespace fs = std::filesystem;

constexpr uint64_t kMaxNamesBytes = 64ull << 20;
constexpr const char* kClassNames = "classnames.txt";

/// A picture's file within a mapped shard.
struct ShardPicture {
  std::string name;
  std::span<const std::byte> bytes;
};

class ShardPixels : public PixelSource {
 public:
  ShardPixels(std::vector<std::shared_ptr<const io::MappedFile>> shards,
              std::vector<ShardPicture> pictures, const media::ImageLimits& limits)
      : shards_(std::move(shards)), pictures_(std::move(pictures)), limits_(limits) {}

  media::Image read(int64_t picture) const override {
    const ShardPicture& entry = pictures_.at(static_cast<size_t>(picture));
    return in_colour(media::decode_image(entry.bytes, entry.name, {.limits = limits_}));
  }
  std::string name(int64_t picture) const override {
    return pictures_.at(static_cast<size_t>(picture)).name;
  }
  std::string hash() const override {
    io::Sha256 hash;
    for (const ShardPicture& picture : pictures_) {
      const uint64_t size = picture.bytes.size();
      hash.update(std::as_bytes(std::span(&size, 1)));
      hash.update(picture.bytes);
    }
    return hash.hex();
  }

 private:
  std::vector<std::shared_ptr<const io::MappedFile>> shards_;  ///< what the bytes lie in
  std::vector<ShardPicture> pictures_;
  media::ImageLimits limits_;
};

std::string_view text_of(const io::TarMember& member) {
  return {reinterpret_cast<const char*>(member.data.data()), member.data.size()};
}

/// Reads shards one by one.
class ShardList {
 public:
  explicit ShardList(std::vector<std::string> class_names) : class_names_(std::move(class_names)) {}

  void add(const std::string& path, const std::string& split) {
    auto file = std::make_shared<const io::MappedFile>(path);
    const io::TarIndex tar = io::index_tar(file->bytes(), path);
    for (const io::SampleGroup& sample : io::group_samples(tar.members).samples) {
      const std::string where = path + ":" + sample.key;
      const auto picture = std::ranges::find_if(
          sample.files, [](const auto& f) { return document::is_picture_extension(f.extension); });
      if (picture == sample.files.end()) continue;  // a picture that could not be fetched
      require(sample.error.empty(), where, "{}", sample.error);
      PictureRecord record = record_of(tar, sample, where);
      if (record.split.empty()) record.split = split;
      table_.add(record, where);
      pictures_.push_back({where, tar.members[picture->member].data});
    }
    shards_.push_back(std::move(file));
  }

  LabelledPictures build(const std::string& where, const media::ImageLimits& limits) {
    return {table_.build(),
            std::make_shared<const ShardPixels>(std::move(shards_), std::move(pictures_), limits),
            where};
  }

 private:
  PictureRecord record_of(const io::TarIndex& tar, const io::SampleGroup& sample,
                          const std::string& where) const {
    PictureRecord record;
    if (const auto json = sample.find("json"))
      record = record_from_json(parse_json(text_of(tar.members[*json]), where), where);
    for (const char* extension : {"cls", "txt"}) {
      const auto file = sample.find(extension);
      if (!file || !record.names.empty()) continue;
      record.names = {name_of(ascii_trim(text_of(tar.members[*file])), where)};
    }
    return record;
  }

  /// A class's name, or the number of one.
  std::string name_of(std::string_view text, const std::string& where) const {
    size_t number = 0;
    const auto [end, error] = std::from_chars(text.data(), text.data() + text.size(), number);
    if (text.empty() || error != std::errc() || end != text.data() + text.size())
      return std::string(text);
    require(number < class_names_.size(), where, "expected class {} in {}, which has {} lines",
            number, kClassNames, class_names_.size(),
            Hint{"write the classes' names beside the shards, one a line"});
    return class_names_[number];
  }

  std::vector<std::string> class_names_;
  TableBuilder table_;
  std::vector<ShardPicture> pictures_;
  std::vector<std::shared_ptr<const io::MappedFile>> shards_;
};

/// Lines of classnames.txt in the folder or the one above it; none where there is no such file.
std::vector<std::string> class_names_of(const fs::path& folder) {
  std::vector<std::string> names;
  for (const fs::path& place : {folder / kClassNames, folder / ".." / kClassNames}) {
    if (!fs::exists(place)) continue;
    const std::string text = read_file(place.string(), kMaxNamesBytes);
    for (size_t begin = 0; begin < text.size();) {
      const size_t end = std::min(text.find('\n', begin), text.size());
      names.emplace_back(ascii_trim(std::string_view(text).substr(begin, end - begin)));
      begin = end + 1;
    }
    break;
  }
  return names;
}

}  // namespace

LabelledPictures open_picture_shards(const std::string& path, const media::ImageLimits& limits) {
  const fs::path place(path);
  const bool folder = fs::is_directory(place);
  ShardList list(class_names_of(folder ? place : place.parent_path()));
  if (!folder) {
    list.add(path, "");
    return list.build(path, limits);
  }
  for (const std::string& shard : document::shards_in(path)) list.add(shard, "");
  for (const auto& entry : fs::directory_iterator(place)) {
    const std::string split = split_of_folder(entry.path().filename().string());
    if (split.empty() || !fs::is_directory(entry)) continue;
    for (const std::string& shard : document::shards_in(entry.path())) list.add(shard, split);
  }
  return list.build(path, limits);
}

}  // namespace flamingo::pictures
#endif  // FLAMINGO_MEDIA
