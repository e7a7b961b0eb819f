#pragma once

#include <memory>

#include "flamingo/crawl/decompressor.h"

namespace flamingo::crawl {

/// Decompresses zstd frames, with the dictionaries that stand among them (see
/// Decompressor::restart). A frame names its dictionary by number; one that names none gets the
/// last. A window is at most 128 MiB, a dictionary 16 MiB. Throws Error when memory is out.
std::unique_ptr<Decompressor> make_zstd_decompressor();

}  // namespace flamingo::crawl
