#pragma once

#include <string>

#include "flamingo/media/image.h"
#include "flamingo/pictures/labelled_pictures.h"

// The kinds of open_pictures that need picture libraries (FLAMINGO_MEDIA).
namespace flamingo::pictures {

/// A folder of class folders, or of splits with class folders. Throws Error as open_pictures does.
LabelledPictures open_class_folders(const std::string& folder, const media::ImageLimits& limits);

/// A list of pictures: JSON lines or CSV by the name's end. Throws Error as open_pictures does.
LabelledPictures open_picture_list(const std::string& path, const media::ImageLimits& limits);

/// A tar, or a folder of them or of splits of them. Throws Error as open_pictures does.
LabelledPictures open_picture_shards(const std::string& path, const media::ImageLimits& limits);

/// The extension of `name` in small letters is a picture's: jpg, jpeg, png, webp, gif, avif.
bool is_picture_name(const std::string& name);

/// The split that a folder of this name holds, or "" for other names.
std::string split_of_folder(const std::string& name);

/// RGBA where any pixel is see-through, else RGB.
media::Image in_colour(const media::Image& image);

}  // namespace flamingo::pictures
