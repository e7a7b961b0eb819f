#include "flamingo/cli/demo_prompts.h"

#ifdef FLAMINGO_MEDIA

#include <algorithm>
#include <array>
#include <cctype>
#include <cstdio>
#include <filesystem>
#include <functional>
#include <iterator>
#include <optional>
#include <set>

#include "flamingo/core/error.h"
#include "flamingo/core/file.h"
#include "flamingo/core/rng.h"
#include "flamingo/media/convert.h"
#include "flamingo/media/image.h"
#include "flamingo/media/video.h"
#include "flamingo/pictogram/catalog.h"
#include "flamingo/pictures/square_picture.h"

namespace flamingo::cli {
namespace {

namespace fs = std::filesystem;

constexpr int kPromptsPerSection = 3;
constexpr int64_t kPageSide = 192;
constexpr int64_t kClipPicture = 512;  // pixels of what moves, at most
constexpr int kClipFrames = 60;
constexpr double kClipFps = 10;

/// Pastes a straight-alpha drawing onto an RGB canvas with its corner at (left, top).
void paste(const media::Image& drawing, int64_t left, int64_t top, media::Image& canvas) {
  for (int64_t y = 0; y < drawing.height; ++y) {
    for (int64_t x = 0; x < drawing.width; ++x) {
      const uint8_t* from = &drawing.pixels[static_cast<size_t>((y * drawing.width + x) * 4)];
      uint8_t* to = &canvas.pixels[static_cast<size_t>(((y + top) * canvas.width + x + left) * 3)];
      for (int c = 0; c < 3; ++c)
        to[c] = static_cast<uint8_t>((from[c] * from[3] + to[c] * (255 - from[3])) / 255);
    }
  }
}

/// Writes the demo's files and draws its prompts.
class DemoWriter {
 public:
  DemoWriter(const DemoPictures& pictures, const std::vector<std::string>& words,
             std::string folder, uint64_t seed)
      : set_(pictures.drawings),
        photos_(pictures.photographs),
        words_(words),
        folder_(std::move(folder)),
        rng_(seed) {
    make_folder(folder_);
    for (const int64_t class_index : set_.classes_in(pictogram::kUnseenSplit)) {
      if (is_drawn_twice(class_index)) unseen_.push_back(class_index);
    }
    style_ = set_.pictures_in(pictogram::kStyleSplit);
    require(!unseen_.empty() && !style_.empty(), "drawings",
            "expected splits \"unseen\", in two styles, and \"style\", got {}", set_.splits_text(),
            Hint{"flamingo data pictograms writes them"});
    shuffle(unseen_, rng_);
    shuffle(style_, rng_);
    if (photos_) find_things();
  }

  /// The name of a photograph among those of all, without shots.
  DemoPrompt photograph() {
    const Thing& thing = next_thing();
    DemoPrompt demo{.truth = photos_->class_of(thing.photo).name, .looked = true};
    add_query(demo.prompt, write_photo(thing), "Output:");
    for (const Thing& other : things_)
      demo.candidates.push_back(photos_->class_of(other.photo).name);
    return demo;
  }

  /// Drawings with made-up labels, then a photograph; or the reverse.
  DemoPrompt across(bool photograph_asked) {
    const std::array<Thing, 2> pair{next_thing(), next_thing()};
    const std::array<std::string, 2> labels = two_words();
    const auto file = [&](const Thing& thing, bool photograph, const char* style) {
      return photograph ? write_photo(thing) : file_of(thing.drawn, style);
    };
    DemoPrompt demo{.looked = true};
    for (size_t i = 0; i < 2; ++i)
      add_shot(demo.prompt, file(pair[i], !photograph_asked, pictogram::kOpenMoji), labels[i]);
    const size_t asked = rng_.below(2);
    add_query(demo.prompt, file(pair[asked], photograph_asked, pictogram::kTwitter), "Output:");
    demo.truth = labels[asked];
    demo.candidates = {labels[0], labels[1]};
    return demo;
  }

  DemoPrompt new_labels() {
    const int64_t a = next_unseen(), b = next_unseen();
    const auto [word_a, word_b] = two_words();
    DemoPrompt demo;
    add_shot(demo.prompt, file_of(a, pictogram::kOpenMoji), word_a);
    add_shot(demo.prompt, file_of(b, pictogram::kOpenMoji), word_b);
    const bool first = rng_.coin(0.5);
    add_query(demo.prompt, file_of(first ? a : b, pictogram::kTwitter), "Output:");
    demo.truth = first ? word_a : word_b;
    demo.candidates = {word_a, word_b};
    return demo;
  }

  DemoPrompt real_names() {
    std::vector<int64_t> concepts;
    DemoPrompt demo;
    for (int i = 0; i < 5; ++i) {
      concepts.push_back(next_unseen());
      demo.candidates.push_back(name_of(concepts.back()));
      add_shot(demo.prompt, file_of(concepts.back(), pictogram::kOpenMoji), demo.candidates.back());
    }
    const int64_t answer = concepts[rng_.below(concepts.size())];
    add_query(demo.prompt, file_of(answer, pictogram::kTwitter), "Output:");
    demo.truth = name_of(answer);
    return demo;
  }

  DemoPrompt caption(int shots) {
    DemoPrompt demo;
    for (int i = 0; i < shots; ++i) {
      const int64_t drawing = next_style();
      add_shot(demo.prompt, write(drawing), set_.class_of(drawing).name);
    }
    const int64_t drawing = next_style();
    add_query(demo.prompt, write(drawing), "Output:");
    demo.truth = set_.class_of(drawing).name;
    return demo;
  }

  DemoPrompt question() {
    const int64_t drawing = next_style();
    DemoPrompt demo;
    add_query(demo.prompt, write(drawing), "Question: What is this? Answer:");
    demo.truth = set_.class_of(drawing).name;
    return demo;
  }

  DemoPrompt clip() {
    const int64_t drawing = next_style();
    DemoPrompt demo;
    demo.prompt.items = {prompt::VideoItem{write_clip(drawing)}, prompt::TextItem{"Output:"}};
    demo.truth = set_.class_of(drawing).name;
    return demo;
  }

 private:
  /// What is photographed and drawn.
  struct Thing {
    int64_t photo = 0;  ///< picture
    int64_t drawn = 0;  ///< class of drawings
  };

  /// One photograph of each class, and of each class of drawings.
  void find_things() {
    std::set<int64_t> photographed, drawn;
    for (int64_t photo = 0; photo < std::ssize(photos_->pictures()); ++photo) {
      const auto in_drawings = drawn_class(photos_->class_of(photo));
      if (!in_drawings || photographed.contains(photos_->picture(photo).class_index)) continue;
      if (!drawn.insert(*in_drawings).second) continue;
      photographed.insert(photos_->picture(photo).class_index);
      things_.push_back({photo, *in_drawings});
    }
    require(things_.size() > 1, "photographs", "expected two things that are drawn, got {}",
            things_.size());
    shuffle(things_, rng_);
  }
  bool is_drawn_twice(int64_t class_index) const {
    return picture_of(class_index, pictogram::kOpenMoji) &&
           picture_of(class_index, pictogram::kTwitter);
  }
  /// The drawings' class that has the name or a tag of a photograph as its name.
  std::optional<int64_t> drawn_class(const pictures::PictureClass& shown) const {
    for (int64_t index = 0; index < std::ssize(set_.classes()); ++index) {
      const std::string& name = set_.classes()[static_cast<size_t>(index)].name;
      if ((name == shown.name || std::ranges::count(shown.tags, name) > 0) && is_drawn_twice(index))
        return index;
    }
    return {};
  }
  const Thing& next_thing() { return things_[things_used_++ % things_.size()]; }
  std::string write_photo(const Thing& thing) {
    std::string name = photos_->class_of(thing.photo).name + "-photograph";
    return write_as(name, media::encode_png(photos_->image(thing.photo)));
  }

  std::optional<int64_t> picture_of(int64_t class_index, const char* style) const {
    return set_.find_picture(class_index, style);
  }
  std::string name_of(int64_t class_index) const {
    return set_.classes()[static_cast<size_t>(class_index)].name;
  }
  int64_t next_unseen() { return unseen_[unseen_used_++ % unseen_.size()]; }
  int64_t next_style() { return style_[style_used_++ % style_.size()]; }
  const std::string& random_word() { return words_[rng_.below(words_.size())]; }
  std::array<std::string, 2> two_words() {
    std::array<std::string, 2> both{random_word(), random_word()};
    while (both[0] == both[1]) both[1] = random_word();
    return both;
  }
  std::string file_of(int64_t class_index, const char* style) {
    return write(*picture_of(class_index, style));
  }

  std::string path_for(std::string name, const char* extension) const {
    for (char& c : name) {
      if (!std::isalnum(static_cast<unsigned char>(c))) c = '-';
    }
    return (fs::path(folder_) / (name + extension)).string();
  }
  std::string title_of(int64_t drawing) const {
    return set_.class_of(drawing).name + "-" + set_.picture(drawing).style;
  }

  std::string write_as(const std::string& name, const std::string& png) const {
    const std::string path = path_for(name, ".png");
    write_file_atomic(path, png);
    return path;
  }
  std::string write(int64_t drawing) const {
    return write_as(title_of(drawing), media::encode_png(set_.image(drawing)));
  }

  /// The drawing wanders over a white ground for 6 seconds.
  std::string write_clip(int64_t drawing) {
    const media::Image picture =
        media::convert_to_rgba(pictures::at_most(set_.image(drawing), kClipPicture));
    const int64_t side = (std::max(picture.height, picture.width) * 3 / 2 + 1) / 2 * 2;
    std::vector<media::Image> frames;
    for (int i = 0; i < kClipFrames; ++i) {
      media::Image frame{.height = side, .width = side};
      frame.pixels.assign(static_cast<size_t>(side * side * 3), 255);
      paste(picture, (side - picture.width) * i / kClipFrames, (side - picture.height) / 2, frame);
      frames.push_back(std::move(frame));
    }
    const std::string path = path_for(title_of(drawing), ".mp4");
    media::write_video(path, frames, kClipFps);
    return path;
  }

  static void add_query(prompt::Prompt& prompt, const std::string& path, const std::string& text) {
    prompt.items.push_back(prompt::ImageItem{path});
    prompt.items.push_back(prompt::TextItem{text});
  }
  static void add_shot(prompt::Prompt& prompt, const std::string& path, const std::string& answer) {
    add_query(prompt, path, "Output: " + answer);
    prompt.items.push_back(prompt::EndOfChunkItem{});
  }

  const pictures::LabelledPictures& set_;
  const std::optional<pictures::LabelledPictures>& photos_;
  const std::vector<std::string>& words_;
  std::string folder_;
  Rng rng_;
  std::vector<Thing> things_;
  size_t things_used_ = 0;
  std::vector<int64_t> unseen_, style_;
  size_t unseen_used_ = 0;
  size_t style_used_ = 0;
};

DemoSection section(const std::string& title, const std::string& about,
                    const std::function<DemoPrompt()>& draw, int count = kPromptsPerSection) {
  DemoSection result{title, about, {}};
  for (int i = 0; i < count; ++i) result.prompts.push_back(draw());
  return result;
}

std::vector<DemoSection> photograph_sections(DemoWriter& writer) {
  return {
      section(
          "Photographs, 0 shots",
          "The model was trained on drawings only. The written answer may be any text; right is "
          "when the true name is the likeliest of those of all photographs.",
          [&] { return writer.photograph(); }, 4),
      section("Drawings as shots, a photograph as query",
              "Two drawings are given arbitrary words; right is when the photograph's is likelier.",
              [&] { return writer.across(/*photograph_asked=*/true); }),
      section("Photographs as shots, a drawing as query", "The reverse.",
              [&] { return writer.across(/*photograph_asked=*/false); }),
  };
}

std::vector<DemoSection> drawing_sections(DemoWriter& writer) {
  return {
      section(
          "A new label from two shots",
          "Two things that training never saw are given arbitrary words; the query shows one of "
          "them in another artist's drawing. Right is when its word is the likelier one.",
          [&] { return writer.new_labels(); }, 4),
      section(
          "Names from one shot a class",
          "Five concepts that training never saw, named once each. The written answer may be any "
          "text; right is when the true one is the likeliest of the five names.",
          [&] { return writer.real_names(); }),
      section(
          "Captions, 0 shots",
          "Drawings that training never saw, of concepts it knows in another style.",
          [&] { return writer.caption(0); }, 4),
      section("Captions, 4 shots", "The same with four captioned pictures before.",
              [&] { return writer.caption(4); }),
      section(
          "A question about a picture", "", [&] { return writer.question(); }, 2),
      section(
          "A clip", "A video file, read at one frame a second; the clip counts as one media item.",
          [&] { return writer.clip(); }, 2),
  };
}

std::string file_name(const std::string& path) { return fs::path(path).filename().string(); }

/// No larger than the page shows it, twice over for fine screens.
media::Image shown_small(const std::string& path) {
  return pictures::at_most(media::load_image(path), kPageSide);
}

PagePiece clip_piece(const std::string& path, double fps) {
  PagePiece piece;
  for (const auto& frame : media::load_video(path, {.fps = fps}).frames) {
    piece.png.push_back(media::encode_png(pictures::at_most(frame.image, kPageSide)));
    char caption[32];
    std::snprintf(caption, sizeof caption, "%.1f s", frame.shown_seconds);
    piece.captions.emplace_back(caption);
  }
  return piece;
}

}  // namespace

std::vector<DemoSection> demo_sections(const DemoPictures& pictures,
                                       const std::vector<std::string>& made_up_words,
                                       const std::string& folder, uint64_t seed) {
  DemoWriter writer(pictures, made_up_words, folder, seed);
  std::vector<DemoSection> sections;
  if (pictures.photographs) sections = photograph_sections(writer);
  std::ranges::move(drawing_sections(writer), std::back_inserter(sections));
  return sections;
}

std::vector<PagePiece> page_pieces(const prompt::Prompt& prompt, double fps) {
  std::vector<PagePiece> pieces;
  for (const auto& item : prompt.items) {
    if (const auto* text = std::get_if<prompt::TextItem>(&item))
      pieces.push_back({.text = text->text});
    if (const auto* image = std::get_if<prompt::ImageItem>(&item)) {
      pieces.push_back(
          {.png = {media::encode_png(media::composite_over_white(shown_small(image->path)))}});
    }
    if (const auto* video = std::get_if<prompt::VideoItem>(&item))
      pieces.push_back(clip_piece(video->path, fps));
  }
  return pieces;
}

std::string prompt_line(const prompt::Prompt& prompt) {
  std::string line;
  for (const auto& item : prompt.items) {
    if (const auto* text = std::get_if<prompt::TextItem>(&item)) line += text->text;
    if (const auto* image = std::get_if<prompt::ImageItem>(&item))
      line += "[" + file_name(image->path) + "]";
    if (const auto* video = std::get_if<prompt::VideoItem>(&item))
      line += "[" + file_name(video->path) + "]";
    if (std::holds_alternative<prompt::EndOfChunkItem>(item)) line += " | ";
  }
  return line;
}

}  // namespace flamingo::cli

#endif
