#include "flamingo/generate/media_loader.h"

#include "flamingo/core/error.h"

#ifdef FLAMINGO_MEDIA

#include "flamingo/core/file.h"
#include "flamingo/io/sha256.h"
#include "flamingo/media/video.h"

namespace flamingo {
namespace {

constexpr uint64_t kMaxFileBytes = 256ull << 20;

/// [3, S, S]
at::Tensor pixels_of(const Image& image, const TransformConfig& config) {
  const auto pixels = transform_image(image, config);
  return at::tensor(pixels.values, at::kFloat).view({3, config.size, config.size});
}

std::vector<Image> frames_of(const PromptItem& item, std::span<const std::byte> bytes,
                             const std::string& path, const FrameSampling& sampling) {
  if (std::holds_alternative<ImageItem>(item)) return {decode_image(bytes, path)};
  VideoOptions options{.fps = sampling.fps, .frames = sampling.frames};
  options.limits.max_frames = sampling.max_frames;
  std::vector<Image> images;
  for (auto& frame : decode_video(bytes, path, options).frames)
    images.push_back(std::move(frame.image));
  return images;
}

PreparedMedium load_medium(const PromptItem& item, const TransformConfig& config,
                           const FrameSampling& sampling) {
  const bool is_video = std::holds_alternative<VideoItem>(item);
  const std::string& path =
      is_video ? std::get<VideoItem>(item).path : std::get<ImageItem>(item).path;
  const std::string content = read_file(path, kMaxFileBytes);
  const auto bytes = std::as_bytes(std::span(content));
  std::vector<at::Tensor> frames;
  for (const auto& image : frames_of(item, bytes, path, sampling))
    frames.push_back(pixels_of(image, config));
  std::string key = sha256_hex(bytes);
  if (is_video) {
    key.append("|").append(std::to_string(sampling.fps));
    key.append("|").append(std::to_string(sampling.frames));
  }
  return {at::stack(frames), std::move(key)};
}

}  // namespace

std::vector<PreparedMedium> load_media(const Prompt& prompt, const TransformConfig& transform,
                                       const FrameSampling& sampling) {
  std::vector<PreparedMedium> media;
  for (const auto& item : prompt.media()) media.push_back(load_medium(item, transform, sampling));
  return media;
}

}  // namespace flamingo

#else

namespace flamingo {

std::vector<PreparedMedium> load_media(const Prompt& prompt, const TransformConfig&,
                                       const FrameSampling&) {
  require(prompt.media().empty(), "media",
          "expected a build with media libraries, got one built without media",
          "configure with -DFLAMINGO_MEDIA=ON");
  return {};
}

}  // namespace flamingo

#endif
