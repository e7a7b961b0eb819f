#include "flamingo/data/pictogram_set.h"

#include <algorithm>

namespace flamingo::data {
namespace {

constexpr const char* kTableKey = "pictograms";
constexpr const char* kPixelsName = "pixels";
constexpr int64_t kTableVersion = 1;

/// The JSON table that stands in the file's metadata.
struct FileTable {
  int64_t version = kTableVersion;
  std::vector<PictogramConcept> concepts;
  std::vector<PictogramDrawing> drawings;

  template <class Visitor>
  void visit(Visitor& v) {
    v("version", version, "layout of this table");
    v("concepts", concepts, "what the drawings show");
    v("drawings", drawings, "one per row of pixels");
  }
};

void check_drawings(const FileTable& table, const std::string& where) {
  const auto concepts = std::ssize(table.concepts);
  for (size_t i = 0; i < table.drawings.size(); ++i) {
    const int64_t index = table.drawings[i].concept_index;
    require(index >= 0 && index < concepts, where,
            "drawing {}: expected a concept below {}, got {}", i, concepts, index);
  }
}

std::string random_tags(const PictogramConcept& pictogram, int64_t max_tags, Rng& rng) {
  std::vector<std::string> tags = pictogram.tags;
  const auto most = std::min<uint64_t>(tags.size(), static_cast<uint64_t>(max_tags));
  const uint64_t count = 1 + rng.below(most);
  std::string text;
  for (uint64_t i = 0; i < count; ++i) {
    std::swap(tags[i], tags[i + rng.below(tags.size() - i)]);
    text += (i ? ", " : "") + tags[i];
  }
  return text;
}

}  // namespace

PictogramSet PictogramSet::open(const std::string& path) {
  return from_file(std::make_shared<const io::Safetensors>(io::Safetensors::open(path)), path);
}

PictogramSet PictogramSet::parse(std::span<const std::byte> bytes, const std::string& where) {
  return from_file(std::make_shared<const io::Safetensors>(io::Safetensors::parse(bytes, where)),
                   where);
}

PictogramSet PictogramSet::from_file(std::shared_ptr<const io::Safetensors> file,
                                     const std::string& where) {
  const io::TensorView* pixels = file->find(kPixelsName);
  const auto text = file->metadata().find(kTableKey);
  require(pixels && text != file->metadata().end(), where,
          "expected a pictogram file, got safetensors without \"{}\"",
          pixels ? kTableKey : kPixelsName, Hint{"build it with flamingo pictograms"});
  PictogramSet set;
  auto table = std::make_shared<Table>(parse_table(parse_json(text->second, where), where));
  const std::vector<int64_t> shape = {std::ssize(table->drawings), kPictogramSide, kPictogramSide,
                                      4};
  require(pixels->dtype == io::DType::kU8 && pixels->shape == shape, where,
          "expected pixels U8 [{}, 80, 80, 4]", shape[0]);
  set.pixels_ = {reinterpret_cast<const uint8_t*>(pixels->data.data()), pixels->data.size()};
  set.table_ = std::move(table);
  set.file_ = std::move(file);
  return set;
}

PictogramSet::Table PictogramSet::parse_table(const Json& json, const std::string& where) {
  FileTable stored;
  config_from_json(json, stored, where);
  require(stored.version == kTableVersion, where, "expected table version 1, got {}",
          stored.version);
  check_drawings(stored, where);
  Table table;
  table.concepts = std::move(stored.concepts);
  table.drawings = std::move(stored.drawings);
  table.drawings_by_concept.resize(table.concepts.size());
  for (size_t i = 0; i < table.drawings.size(); ++i) {
    table.drawings_by_concept[static_cast<size_t>(table.drawings[i].concept_index)].push_back(
        static_cast<int64_t>(i));
  }
  return table;
}

std::span<const uint8_t> PictogramSet::pixels(int64_t drawing) const {
  require(drawing >= 0 && drawing < std::ssize(drawings()), "PictogramSet",
          "expected a drawing below {}, got {}", drawings().size(), drawing);
  return pixels_.subspan(static_cast<size_t>(drawing * kPictogramBytes), kPictogramBytes);
}

std::vector<int64_t> PictogramSet::drawings_in(PictogramSplit split) const {
  std::vector<int64_t> found;
  for (size_t i = 0; i < drawings().size(); ++i) {
    if (drawings()[i].split == split) found.push_back(static_cast<int64_t>(i));
  }
  return found;
}

std::vector<int64_t> PictogramSet::concepts_in(PictogramSplit split) const {
  std::vector<int64_t> found;
  for (size_t i = 0; i < concepts().size(); ++i) {
    if (concepts()[i].split == split) found.push_back(static_cast<int64_t>(i));
  }
  return found;
}

std::vector<int64_t> PictogramSet::drawings_of(int64_t concept_index, PictogramSplit split) const {
  std::vector<int64_t> found;
  for (const int64_t drawing : table_->drawings_by_concept.at(static_cast<size_t>(concept_index))) {
    if (drawings()[static_cast<size_t>(drawing)].split == split) found.push_back(drawing);
  }
  return found;
}

std::optional<int64_t> PictogramSet::find_drawing(int64_t concept_index,
                                                  PictogramStyle style) const {
  for (const int64_t drawing : table_->drawings_by_concept.at(static_cast<size_t>(concept_index))) {
    if (drawings()[static_cast<size_t>(drawing)].style == style) return drawing;
  }
  return std::nullopt;
}

void write_pictograms(const std::string& path, std::vector<PictogramConcept> concepts,
                      std::vector<PictogramDrawing> drawings, std::span<const uint8_t> pixels) {
  const int64_t count = std::ssize(drawings);
  require(std::ssize(pixels) == count * kPictogramBytes, path,
          "expected {} bytes of pixels, got {}", count * kPictogramBytes, pixels.size());
  FileTable table{.concepts = std::move(concepts), .drawings = std::move(drawings)};
  check_drawings(table, path);
  const io::TensorView view{.name = kPixelsName,
                            .dtype = io::DType::kU8,
                            .shape = {count, kPictogramSide, kPictogramSide, 4},
                            .data = std::as_bytes(pixels)};
  io::write_safetensors(path, {view}, {{kTableKey, config_to_json(std::move(table)).dump()}});
}

std::string sample_caption(const PictogramConcept& pictogram, const CaptionConfig& config,
                           Rng& rng) {
  const double draw = rng.uniform();
  if (pictogram.tags.empty() || config.max_tags < 1 || draw < config.name) return pictogram.name;
  const std::string tags = random_tags(pictogram, config.max_tags, rng);
  return draw < config.name + config.tags ? tags : pictogram.name + ", " + tags;
}

}  // namespace flamingo::data
