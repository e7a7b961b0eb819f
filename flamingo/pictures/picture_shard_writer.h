#pragma once

#include <string>

#include "flamingo/io/tar.h"
#include "flamingo/pictures/labelled_pictures.h"

namespace flamingo::pictures {

/// Writes labelled pictures as a webdataset tar that open_pictures reads: 000000.png, 000000.json
/// and so on. The file appears whole or not at all; equal pictures give equal bytes. Needs
/// FLAMINGO_MEDIA.
class PictureShardWriter {
 public:
  /// Throws Error when the file cannot be created.
  explicit PictureShardWriter(const std::string& path) : tar_(path) {}

  /// Appends a picture (RGB or RGBA) of a class. Throws Error: a full disk.
  void add(const PictureClass& shown, const LabelledPicture& picture, const media::Image& image);
  void finish() { tar_.finish(); }
  int64_t size() const { return size_; }

 private:
  io::TarWriter tar_;
  int64_t size_ = 0;
};

}  // namespace flamingo::pictures
