#include "flamingo/pictures/packed_pictures.h"

#include "flamingo/core/error.h"
#include "flamingo/io/safetensors.h"
#include "flamingo/io/sha256.h"

namespace flamingo::pictures {
namespace {

constexpr const char* kTableKey = "labelled_pictures";
constexpr const char* kPixelsName = "pixels";
constexpr int64_t kTableVersion = 1;
constexpr int64_t kChannels = 4;

/// The JSON table that is in the file's metadata.
struct FileTable {
  int64_t version = kTableVersion;
  std::vector<PictureClass> classes;
  std::vector<LabelledPicture> pictures;

  template <class Visitor>
  void visit(Visitor& v) {
    v("version", version, "layout of this table");
    v("classes", classes, "what the pictures show");
    v("pictures", pictures, "one per row of pixels");
  }
};

class PackedPixels : public PixelSource {
 public:
  PackedPixels(std::shared_ptr<const io::Safetensors> file, const io::TensorView& pixels,
               std::string where)
      : file_(std::move(file)),
        side_(pixels.shape[1]),
        bytes_(reinterpret_cast<const uint8_t*>(pixels.data.data()), pixels.data.size()),
        where_(std::move(where)) {}

  media::Image read(int64_t picture) const override {
    const auto size = static_cast<size_t>(side_ * side_ * kChannels);
    const auto row = bytes_.subspan(static_cast<size_t>(picture) * size, size);
    return without_full_alpha({.height = side_,
                               .width = side_,
                               .mode = media::PixelMode::kRgba,
                               .pixels = {row.begin(), row.end()}});
  }
  std::string name(int64_t picture) const override {
    return where_ + ":" + std::to_string(picture);
  }
  std::string hash() const override {
    io::Sha256 hash;
    hash.update(std::as_bytes(bytes_));
    return hash.hex();
  }

 private:
  std::shared_ptr<const io::Safetensors> file_;  ///< what bytes_ is in
  int64_t side_;
  std::span<const uint8_t> bytes_;
  std::string where_;
};

LabelledPictures from_file(std::shared_ptr<const io::Safetensors> file, const std::string& where) {
  const auto text = file->metadata().find(kTableKey);
  const io::TensorView* pixels = file->find(kPixelsName);
  require(pixels && text != file->metadata().end(), where,
          "expected labelled pictures, got safetensors without \"{}\"",
          pixels ? kTableKey : kPixelsName,
          Hint{"flamingo data pictograms or flamingo data pictures writes such a file"});
  FileTable stored;
  config_from_json(parse_json(text->second, where), stored, where);
  require(stored.version == kTableVersion, where, "expected table version {}, got {}",
          kTableVersion, stored.version);
  const auto count = std::ssize(stored.pictures);
  const bool square = pixels->shape.size() == 4 && pixels->shape[1] >= 1 &&
                      pixels->shape[1] <= kMaxPackedSide && pixels->shape[2] == pixels->shape[1] &&
                      pixels->shape[3] == kChannels;
  require(pixels->dtype == io::DType::kU8 && square && pixels->shape[0] == count, where,
          "expected pixels U8 [{}, S, S, 4], S at most {}", count, kMaxPackedSide);
  auto source = std::make_shared<const PackedPixels>(file, *pixels, where);
  return {{std::move(stored.classes), std::move(stored.pictures)}, std::move(source), where};
}

}  // namespace

LabelledPictures open_packed(const std::string& path) {
  return from_file(std::make_shared<const io::Safetensors>(io::Safetensors::open(path)), path);
}

LabelledPictures parse_packed(std::span<const std::byte> bytes, const std::string& where) {
  return from_file(std::make_shared<const io::Safetensors>(io::Safetensors::parse(bytes, where)),
                   where);
}

void write_packed(const std::string& path, PictureTable table, int64_t side,
                  std::span<const uint8_t> pixels) {
  const int64_t count = std::ssize(table.pictures);
  require(side >= 1 && side <= kMaxPackedSide, path, "expected a side of 1 to {} pixels, got {}",
          kMaxPackedSide, side);
  require(std::ssize(pixels) == count * side * side * kChannels, path,
          "expected {} bytes of pixels, got {}", count * side * side * kChannels, pixels.size());
  table.validate(path);
  FileTable stored{.classes = std::move(table.classes), .pictures = std::move(table.pictures)};
  const io::TensorView view{.name = kPixelsName,
                            .dtype = io::DType::kU8,
                            .shape = {count, side, side, kChannels},
                            .data = std::as_bytes(pixels)};
  io::write_safetensors(path, {view}, {{kTableKey, config_to_json(std::move(stored)).dump()}});
}

}  // namespace flamingo::pictures
