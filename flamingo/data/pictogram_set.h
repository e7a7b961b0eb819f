#pragma once

#include <array>
#include <compare>
#include <cstdint>
#include <memory>
#include <optional>
#include <span>
#include <string>
#include <utility>
#include <vector>

#include "flamingo/core/config.h"
#include "flamingo/core/rng.h"
#include "flamingo/io/safetensors.h"

namespace flamingo::data {

/// Side of a stored drawing, in pixels.
inline constexpr int64_t kPictogramSide = 80;
/// Bytes of a stored drawing: straight-alpha RGBA, row by row.
inline constexpr int64_t kPictogramBytes = kPictogramSide * kPictogramSide * 4;

/// Where a drawing comes from. OpenMoji gives three: colour, black lines alone, fills alone.
enum class PictogramStyle { kColour, kOutline, kFill, kTwitter, kFlag };

constexpr std::array<std::pair<PictogramStyle, const char*>, 5> enum_table(PictogramStyle) {
  return {{{PictogramStyle::kColour, "openmoji"},
           {PictogramStyle::kOutline, "openmoji-black"},
           {PictogramStyle::kFill, "openmoji-fill"},
           {PictogramStyle::kTwitter, "twitter"},
           {PictogramStyle::kFlag, "flag-icons"}}};
}

/// What a drawing (or all of a concept) may be used for.
///   kTrain   training
///   kStyle   second drawings of concepts that training sees in OpenMoji's style only
///   kUnseen  concepts that training never sees (animals and food)
///   kFlags   flags of countries; neither they nor their names are in training
enum class PictogramSplit { kTrain, kStyle, kUnseen, kFlags };

constexpr std::array<std::pair<PictogramSplit, const char*>, 4> enum_table(PictogramSplit) {
  return {{{PictogramSplit::kTrain, "train"},
           {PictogramSplit::kStyle, "style"},
           {PictogramSplit::kUnseen, "unseen"},
           {PictogramSplit::kFlags, "flags"}}};
}

/// One drawing of a concept; its index in the set is its row of pixels.
struct PictogramDrawing {
  int64_t concept_index = 0;
  PictogramStyle style = PictogramStyle::kColour;
  PictogramSplit split = PictogramSplit::kTrain;

  template <class Visitor>
  void visit(Visitor& v) {
    v("concept", concept_index, "index into the concepts");
    v("style", style, "where the drawing comes from");
    v("split", split, "what it may be used for");
  }
};

/// One picture of a drawing: view 0 is clean, views 1, 2, ... are augmented. With a second drawing
/// it is a blend: the mean of the two views' features, a picture of nothing that exists. Pictures
/// of documents are numbered as drawings are (data/document_source.h); all their views are varied.
struct ViewRef {
  int64_t drawing = 0;
  int64_t view = 0;
  int64_t second_drawing = -1;  ///< -1: none
  int64_t second_view = 0;
  int64_t cache = 0;  ///< which of a run's features hold it; 0: the pictograms'

  bool is_blend() const { return second_drawing >= 0; }
  auto operator<=>(const ViewRef&) const = default;  // NOLINT(modernize-use-nullptr): its 0
};

/// What one or more drawings show; one per sequence of code points.
struct PictogramConcept {
  std::string key;
  std::string name;
  std::vector<std::string> tags;
  std::string group;
  std::string subgroup;
  PictogramSplit split = PictogramSplit::kTrain;
  bool gendered = false;
  bool mirrorable = true;

  template <class Visitor>
  void visit(Visitor& v) {
    v("key", key, "code points in hexadecimal, without variation selectors");
    v("name", name, "English name");
    v("tags", tags, "further English words");
    v("group", group, "OpenMoji's group, such as food-drink");
    v("subgroup", subgroup, "OpenMoji's subgroup, such as food-fruit");
    v("split", split, "train, unseen or flags");
    v("gendered", gendered, "the male or female form of another concept");
    v("mirrorable", mirrorable, "the mirrored drawing still fits the name");
  }
};

/// Names, tags and drawings of pictograms: one mapped file, written by build_pictograms.
/// Copies are cheap and share the map. Threads may read it together.
class PictogramSet {
 public:
  /// Throws Error naming the file: not a pictogram file, wrong shapes, indices out of range.
  static PictogramSet open(const std::string& path);
  /// Parses bytes that must outlive the result; `where` names them in errors.
  static PictogramSet parse(std::span<const std::byte> bytes, const std::string& where);

  const std::vector<PictogramConcept>& concepts() const { return table_->concepts; }
  const std::vector<PictogramDrawing>& drawings() const { return table_->drawings; }

  /// RGBA bytes [80, 80, 4] of a drawing; they live as long as any copy of this set.
  /// Throws Error when the index is out of range.
  std::span<const uint8_t> pixels(int64_t drawing) const;

  /// Indices of the drawings of a split, rising.
  std::vector<int64_t> drawings_in(PictogramSplit split) const;
  /// Indices of the concepts of a split (kTrain, kUnseen, kFlags), rising.
  std::vector<int64_t> concepts_in(PictogramSplit split) const;
  /// Indices of a concept's drawings that belong to `split`.
  std::vector<int64_t> drawings_of(int64_t concept_index, PictogramSplit split) const;
  /// The drawing of a concept in a style, or nothing.
  std::optional<int64_t> find_drawing(int64_t concept_index, PictogramStyle style) const;

 private:
  struct Table {
    std::vector<PictogramConcept> concepts;
    std::vector<PictogramDrawing> drawings;
    std::vector<std::vector<int64_t>> drawings_by_concept;
  };
  static PictogramSet from_file(std::shared_ptr<const io::Safetensors> file,
                                const std::string& where);
  static Table parse_table(const Json& json, const std::string& where);

  std::shared_ptr<const io::Safetensors> file_;
  std::shared_ptr<const Table> table_;
  std::span<const uint8_t> pixels_;
};

/// Writes a set that PictogramSet::open reads. pixels is [drawings, 80, 80, 4], row by row.
/// Throws Error when its size does not match or the file cannot be written (nothing is left then).
void write_pictograms(const std::string& path, std::vector<PictogramConcept> concepts,
                      std::vector<PictogramDrawing> drawings, std::span<const uint8_t> pixels);

/// How a caption is drawn from a concept's words (contrastive training).
struct CaptionConfig {
  double name = 0.5;
  double tags = 0.3;
  int64_t max_tags = 3;

  template <class Visitor>
  void visit(Visitor& v) {
    v("name", name, "probability of the name alone");
    v("tags", tags, "probability of 1 to max_tags tags; what is left is for name and tags");
    v("max_tags", max_tags, "most tags in one caption");
  }
};

/// A caption such as "red apple", "fruit, health" or "red apple, fruit".
/// A concept without tags gives its name.
std::string sample_caption(const PictogramConcept& pictogram, const CaptionConfig& config,
                           Rng& rng);

}  // namespace flamingo::data
