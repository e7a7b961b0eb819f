#pragma once

#include <cstddef>
#include <span>
#include <string>

#include "flamingo/pictures/labelled_pictures.h"

namespace flamingo::pictures {

/// Largest side of a packed picture, in pixels.
inline constexpr int64_t kMaxPackedSide = 1024;

/// Labelled pictures in one mapped safetensors file: "pixels" U8 [N, S, S, 4], straight-alpha RGBA,
/// and the labels in its metadata. Needs no picture library, and no time to decode. Throws Error
/// naming the file: of another kind, wrong shapes, indices out of range.
LabelledPictures open_packed(const std::string& path);
/// The same from bytes that must outlive the result; `where` names them in errors.
LabelledPictures parse_packed(std::span<const std::byte> bytes, const std::string& where);

/// Writes a file that open_packed reads. pixels is [N, side, side, 4], row by row. Throws Error
/// when its size does not match or the file cannot be written (nothing is left then).
void write_packed(const std::string& path, PictureTable table, int64_t side,
                  std::span<const uint8_t> pixels);

}  // namespace flamingo::pictures
