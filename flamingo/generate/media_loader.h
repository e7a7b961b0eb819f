#pragma once

#include <vector>

#include "flamingo/generate/conversation.h"
#include "flamingo/media/limits.h"
#include "flamingo/model/config.h"
#include "flamingo/prompt/prompt.h"

namespace flamingo::generate {

/// How frames are taken from clips: `frames` evenly spaced ones if > 0, else `fps` a second.
struct FrameSampling {
  double fps = 1.0;
  int64_t frames = 0;
  media::MediaLimits limits = {.image = {}, .video = {.max_frames = 64}};
};

/// Reads, decodes and prepares the pictures and clips of a prompt, in order; the key of each is the
/// SHA-256 of its content and settings. A clip's damaged frames are left out and told. Throws Error
/// naming the file; in a build without media libraries, always (for a prompt with media).
std::vector<PreparedMediaItem> load_media(const prompt::Prompt& prompt,
                                          const media::TransformConfig& transform,
                                          const FrameSampling& sampling);

}  // namespace flamingo::generate
