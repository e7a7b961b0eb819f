#pragma once

#include <string>

#include "flamingo/media/image.h"
#include "flamingo/pictures/labelled_pictures.h"

namespace flamingo::pictures {

/// Opens labelled pictures, told apart by what is there:
///
///   folder of folders   <class>/x.jpg, or <split>/<class>/x.jpg with the splits train, val, valid,
///                       validation and test; the folder's name is the class's, "_" a space
///   .jsonl, .csv        a line for each picture: file (beside the list) and names, else name or
///                       label; key, group, style, split, mirrorable, line_art where known. In CSV
///                       "|" separates names. A folder with metadata.jsonl or .csv is such a list
///   .tar, or a folder   a webdataset sample for each picture: jpg, png, ... with the fields above
///   of them             in json, or a name in cls or txt; a number in cls counts lines of
///                       classnames.txt beside the shards
///   .safetensors        packed (see open_packed)
///
/// Pictures are decoded when they are read. Throws Error naming the file: missing, of another kind,
/// no pictures, no name; in a build without media libraries, for all but packed ones.
LabelledPictures open_pictures(const std::string& path, const media::ImageLimits& limits = {});

}  // namespace flamingo::pictures
