#include "flamingo/cli/demo_prompts.h"

#ifdef FLAMINGO_MEDIA

#include <cctype>
#include <cstdio>
#include <filesystem>
#include <functional>
#include <optional>

#include "flamingo/core/file.h"
#include "flamingo/core/rng.h"
#include "flamingo/media/convert.h"
#include "flamingo/media/image.h"
#include "flamingo/media/video.h"
#include "flamingo/pictogram/catalog.h"

namespace flamingo::cli {
namespace {

namespace fs = std::filesystem;

constexpr int kPromptsPerSection = 3;
constexpr int64_t kClipSide = 128;
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
  DemoWriter(const pictures::LabelledPictures& set, const std::vector<std::string>& words,
             std::string folder, uint64_t seed)
      : set_(set), words_(words), folder_(std::move(folder)), rng_(seed) {
    make_folder(folder_);
    for (const int64_t class_index : set.classes_in(pictogram::kUnseenSplit)) {
      if (picture_of(class_index, pictogram::kOpenMoji) &&
          picture_of(class_index, pictogram::kTwitter)) {
        unseen_.push_back(class_index);
      }
    }
    style_ = set.pictures_in(pictogram::kStyleSplit);
    shuffle(unseen_, rng_);
    shuffle(style_, rng_);
  }

  DemoPrompt new_labels() {
    const int64_t a = next_unseen(), b = next_unseen();
    const std::string& word_a = random_word();
    std::string word_b = random_word();
    while (word_b == word_a) word_b = random_word();
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
  std::optional<int64_t> picture_of(int64_t class_index, const char* style) const {
    return set_.find_picture(class_index, style);
  }
  std::string name_of(int64_t class_index) const {
    return set_.classes()[static_cast<size_t>(class_index)].name;
  }
  int64_t next_unseen() { return unseen_[unseen_used_++ % unseen_.size()]; }
  int64_t next_style() { return style_[style_used_++ % style_.size()]; }
  const std::string& random_word() { return words_[rng_.below(words_.size())]; }
  std::string file_of(int64_t class_index, const char* style) {
    return write(*picture_of(class_index, style));
  }

  std::string path_for(int64_t drawing, const char* extension) const {
    std::string name = set_.class_of(drawing).name + "-" + set_.picture(drawing).style;
    for (char& c : name) {
      if (!std::isalnum(static_cast<unsigned char>(c))) c = '-';
    }
    return (fs::path(folder_) / (name + extension)).string();
  }

  std::string write(int64_t drawing) {
    const std::string path = path_for(drawing, ".png");
    write_file_atomic(path, media::encode_png(set_.image(drawing)));
    return path;
  }

  /// The drawing wanders over a white ground for 6 seconds.
  std::string write_clip(int64_t drawing) {
    const media::Image picture = media::convert_to_rgba(set_.image(drawing));
    std::vector<media::Image> frames;
    for (int i = 0; i < kClipFrames; ++i) {
      media::Image frame;
      frame.height = frame.width = kClipSide;
      frame.pixels.assign(kClipSide * kClipSide * 3, 255);
      const int64_t room = kClipSide - pictogram::kSide;
      paste(picture, room * i / kClipFrames, room / 2, frame);
      frames.push_back(std::move(frame));
    }
    const std::string path = path_for(drawing, ".mp4");
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
  const std::vector<std::string>& words_;
  std::string folder_;
  Rng rng_;
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

std::string file_name(const std::string& path) { return fs::path(path).filename().string(); }

PagePiece clip_piece(const std::string& path, double fps) {
  PagePiece piece;
  for (const auto& frame : media::load_video(path, {.fps = fps}).frames) {
    piece.png.push_back(media::encode_png(frame.image));
    char caption[32];
    std::snprintf(caption, sizeof caption, "%.1f s", frame.shown_seconds);
    piece.captions.emplace_back(caption);
  }
  return piece;
}

}  // namespace

std::vector<DemoSection> demo_sections(const pictures::LabelledPictures& set,
                                       const std::vector<std::string>& made_up_words,
                                       const std::string& folder, uint64_t seed) {
  DemoWriter writer(set, made_up_words, folder, seed);
  return {
      section(
          "A new label from two shots",
          "Two animals or foods that training never saw are given arbitrary words; the query shows "
          "one of them in another artist's drawing. Right is when its word is the likelier one.",
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

std::vector<PagePiece> page_pieces(const prompt::Prompt& prompt, double fps) {
  std::vector<PagePiece> pieces;
  for (const auto& item : prompt.items) {
    if (const auto* text = std::get_if<prompt::TextItem>(&item))
      pieces.push_back({.text = text->text});
    if (const auto* image = std::get_if<prompt::ImageItem>(&item)) {
      pieces.push_back({.png = {media::encode_png(
                            media::composite_over_white(media::load_image(image->path)))}});
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
