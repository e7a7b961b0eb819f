#include "flamingo/pictures/pack.h"

#ifdef FLAMINGO_MEDIA
#include <memory>
#include <utility>

#include "flamingo/core/checked.h"
#include "flamingo/core/error.h"
#include "flamingo/core/memory.h"
#include "flamingo/media/convert.h"
#include "flamingo/pictures/packed_pictures.h"
#include "flamingo/pictures/picture_shard_writer.h"
#include "flamingo/pictures/square_picture.h"

namespace flamingo::pictures {

namespace {

/// Takes pictures that were fitted into a square, one by one.
class Packer {
 public:
  virtual ~Packer() = default;
  virtual void add(const LabelledPictures& set, int64_t index, const media::Image& fitted) = 0;
  virtual int64_t size() const = 0;
  virtual void finish() = 0;
};

/// Into a shard, as PNG.
class ShardPacker : public Packer {
 public:
  explicit ShardPacker(const std::string& path) : shard_(path) {}
  void add(const LabelledPictures& set, int64_t index, const media::Image& fitted) override {
    shard_.add(set.class_of(index), set.picture(index), without_full_alpha(fitted));
  }
  int64_t size() const override { return shard_.size(); }
  void finish() override { shard_.finish(); }

 private:
  PictureShardWriter shard_;
};

/// Into one file of raw pixels.
class FilePacker : public Packer {
 public:
  FilePacker(const LabelledPictures& set, int64_t side, std::string path)
      : side_(side), path_(std::move(path)), table_{.classes = set.classes()} {
    const int64_t bytes = std::ssize(set.pictures()) * side * side * 4;  // RGBA
    require(bytes <= machine_memory(), path_,
            "expected pixels that fit into the machine's {} GiB of memory, got {} GiB",
            machine_memory() >> 30, bytes >> 30,
            Hint{"a smaller side, or a shard: a name that ends in .tar"});
  }
  void add(const LabelledPictures& set, int64_t index, const media::Image& fitted) override {
    const media::Image square = centred(fitted, side_);
    pixels_.insert(pixels_.end(), square.pixels.begin(), square.pixels.end());
    table_.pictures.push_back(set.picture(index));
  }
  int64_t size() const override { return std::ssize(table_.pictures); }
  void finish() override { write_packed(path_, std::move(table_), side_, pixels_); }

 private:
  int64_t side_;
  std::string path_;
  PictureTable table_;
  std::vector<uint8_t> pixels_;
};

std::unique_ptr<Packer> make_packer(const LabelledPictures& set, int64_t side,
                                    const std::string& path) {
  if (path.ends_with(".tar")) return std::make_unique<ShardPacker>(path);
  return std::make_unique<FilePacker>(set, side, path);
}

}  // namespace

std::vector<std::string> pack_pictures(
    const LabelledPictures& set, int64_t side, const std::string& path,
    const std::function<void(int64_t done, int64_t total)>& on_picture) {
  require_within("pack_pictures", "side", side, 8, kMaxPackedSide);
  const auto packer = make_packer(set, side, path);
  std::vector<std::string> damaged;
  const auto total = std::ssize(set.pictures());
  for (int64_t i = 0; i < total; ++i) {
    media::Image fitted;
    try {
      fitted = at_most(media::convert_to_rgba(set.image(i)), side);
    } catch (const Error& error) {
      damaged.emplace_back(error.what());
    }
    if (!fitted.pixels.empty()) packer->add(set, i, fitted);
    if (on_picture) on_picture(i + 1, total);
  }
  require(packer->size() > 0, path, "expected pictures, could read none of {}", total);
  packer->finish();
  return damaged;
}

}  // namespace flamingo::pictures
#endif  // FLAMINGO_MEDIA
