#pragma once

#include <torch/nn/module.h>

#include <concepts>
#include <memory>
#include <span>
#include <string>
#include <string_view>
#include <vector>

#include "flamingo/core/config.h"
#include "flamingo/media/transform.h"

namespace flamingo::vision {

/// A picture encoder: pixels in, one feature vector per patch out. Frozen in Flamingo training.
class VisionEncoder : public torch::nn::Module {
 public:
  /// pixels [N, 3, S, S] (normalised) -> features [N, P, Dv], rows of patches from the top left.
  virtual torch::Tensor forward(const torch::Tensor& pixels) = 0;
  /// The same shapes in training: what an encoder drops of a picture at random depends on its seed
  /// alone (N of them), whatever is beside it; so give every step and picture its own.
  virtual torch::Tensor forward(const torch::Tensor& pixels,
                                std::span<const uint64_t> /*drop_seeds*/) {
    return forward(pixels);
  }
  /// forward() is head(trunk()). The head is what may learn while the trunk stays as it is, so that
  /// features of the trunk are kept: its parameters' names begin with kHead. Most encoders have
  /// none. pixels [N, 3, S, S] -> [N, P, D0].
  virtual torch::Tensor trunk(const torch::Tensor& pixels) { return forward(pixels); }
  /// Features of the trunk [N, P, D0] -> [N, P, Dv].
  virtual torch::Tensor head(const torch::Tensor& features) { return features; }
  static constexpr std::string_view kHead = "projection";
  /// Computes what a frozen encoder would compute of its weights at every call, once, in `dtype`.
  /// Call again after changing weights; train(true) drops it.
  virtual void fold(torch::ScalarType /*dtype*/) {}
  /// Dv.
  virtual int64_t dim() const = 0;
  /// S the encoder is meant for, in pixels.
  virtual int64_t image_size() const = 0;
};

/// An encoder shared by a model and what trains or caches it.
using VisionEncoderPtr = std::shared_ptr<VisionEncoder>;

/// The shape of an encoder by name.
template <class T>
struct EncoderPreset {
  std::string name;
  T config;
};

/// What the rest of the system asks the config of an encoder; the encoder itself is a
/// VisionEncoder. Its name in files, a word on it, its published sizes; S, P of pictures of S
/// pixels without the tokens that are no patches, Dv; whether its weights fit pictures of one size
/// only (position embeddings); how its pictures were prepared; and the encoder of this shape, on
/// the meta device without memory.
template <class T>
concept EncoderKind = Config<T> &&
    requires(T& changed, const T& config, const torch::TensorOptions& options) {
  { T::kName } -> std::convertible_to<std::string_view>;
  { T::kHelp } -> std::convertible_to<const char*>;
  { T::kFixedImageSize } -> std::convertible_to<bool>;
  { T::presets() } -> std::same_as<std::vector<EncoderPreset<T>>>;
  { changed.image_size } -> std::same_as<int64_t&>;
  { config.validate() } -> std::same_as<void>;
  { config.dim() } -> std::same_as<int64_t>;
  { config.num_patches(int64_t{}) } -> std::same_as<int64_t>;
  { config.num_extra_tokens() } -> std::same_as<int64_t>;
  { config.transform() } -> std::same_as<media::TransformConfig>;
  { config.make(options) } -> std::same_as<VisionEncoderPtr>;
};

/// The preset of this name. Throws Error listing the names.
template <EncoderKind T>
T preset_of(std::string_view name) {
  std::string known;
  for (auto& preset : T::presets()) {
    if (preset.name == name) return std::move(preset.config);
    known += (known.empty() ? "" : ", ") + preset.name;
  }
  fail(T::kName, "expected a preset of {}, got \"{}\"", known, name);
}

}  // namespace flamingo::vision
