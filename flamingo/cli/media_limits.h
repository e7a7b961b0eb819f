#pragma once

#include "CLI/CLI.hpp"
#include "flamingo/media/limits.h"

namespace flamingo::cli {

/// Adds an option for every limit of pictures (--image-max-pixels, ...) and clips
/// (--clip-max-bytes, ...); `limits` must outlive the parse.
void add_media_limits(CLI::App& app, media::MediaLimits& limits);

}  // namespace flamingo::cli
