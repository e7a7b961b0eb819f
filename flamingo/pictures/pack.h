#pragma once

#include <cstdint>
#include <functional>
#include <string>
#include <vector>

#include "flamingo/pictures/labelled_pictures.h"

namespace flamingo::pictures {

/// Writes all pictures of a set, fitted into `side` x `side` pixels with their aspect ratio: where
/// `path` ends with .tar as a shard (see PictureShardWriter), else as a packed file (see
/// open_packed), which is quick to open and needs no decoding. Damaged pictures are left out;
/// returns what was wrong with them. on_picture is told how many are done. Needs
/// FLAMINGO_MEDIA. Throws Error: a side out of range, packed pixels beyond the machine's memory,
/// nothing that can be read, a full disk.
std::vector<std::string> pack_pictures(
    const LabelledPictures& set, int64_t side, const std::string& path,
    const std::function<void(int64_t done, int64_t total)>& on_picture = {});

}  // namespace flamingo::pictures
