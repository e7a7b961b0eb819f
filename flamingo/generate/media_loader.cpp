#include "flamingo/generate/media_loader.h"

#include "flamingo/core/error.h"

#ifdef FLAMINGO_MEDIA

#include "flamingo/core/file.h"
#include "flamingo/io/sha256.h"
#include "flamingo/media/video.h"

namespace flamingo::generate {
namespace {

/// [3, S, S]
at::Tensor pixels_of(const media::Image& image, const media::TransformConfig& config) {
  const auto pixels = media::transform_image(image, config);
  return at::tensor(pixels.values, at::kFloat).view({3, config.size, config.size});
}

PreparedMediaItem load_picture(const std::string& path, const media::TransformConfig& config,
                               const media::ImageLimits& limits) {
  const std::string content = read_file(path, limits.max_bytes);
  const auto bytes = std::as_bytes(std::span(content));
  const media::Image image = media::decode_image(bytes, path, {.limits = limits});
  return {
      .pixels = pixels_of(image, config).unsqueeze(0), .key = io::sha256_hex(bytes), .damage = {}};
}

PreparedMediaItem load_clip(const std::string& path, const media::TransformConfig& config,
                            const FrameSampling& sampling) {
  const media::VideoLimits& limits = sampling.limits.video;
  const std::string content = read_file(path, limits.max_bytes);
  const auto bytes = std::as_bytes(std::span(content));
  media::Video video(bytes, path,
                     {.fps = sampling.fps, .frames = sampling.frames, .limits = limits});
  require(video.num_moments() <= limits.max_frames, path, "expected at most {} frames, got {}",
          limits.max_frames, video.num_moments(),
          Hint{"ask for a number of frames (--frames) or for fewer a second (--fps)"});
  std::vector<at::Tensor> frames;
  video.read(0, video.num_moments(), [&](const media::VideoFrame& frame) {
    frames.push_back(pixels_of(frame.image, config));
  });
  const std::string key = io::sha256_hex(bytes) + "|" + std::to_string(sampling.fps) + "|" +
                          std::to_string(sampling.frames);
  const std::string damage = video.damage();
  return {at::stack(frames), key, damage.empty() ? "" : path + ": " + damage};
}

}  // namespace

std::vector<PreparedMediaItem> load_media(const prompt::Prompt& prompt,
                                          const media::TransformConfig& transform,
                                          const FrameSampling& sampling) {
  sampling.limits.validate();
  std::vector<PreparedMediaItem> media;
  for (const auto& item : prompt.media()) {
    const auto* clip = std::get_if<prompt::VideoItem>(&item);
    media.push_back(clip != nullptr ? load_clip(clip->path, transform, sampling)
                                    : load_picture(std::get<prompt::ImageItem>(item).path,
                                                   transform, sampling.limits.image));
  }
  return media;
}

}  // namespace flamingo::generate

#else

namespace flamingo::generate {

std::vector<PreparedMediaItem> load_media(const prompt::Prompt& prompt,
                                          const media::TransformConfig&, const FrameSampling&) {
  require(prompt.media().empty(), "media",
          "expected a build with media libraries, got one built without media",
          Hint{"configure with -DFLAMINGO_MEDIA=ON"});
  return {};
}

}  // namespace flamingo::generate

#endif
