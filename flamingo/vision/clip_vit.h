#pragma once

#include <functional>
#include <string>
#include <string_view>
#include <vector>

#include "flamingo/nn/transformer_layer.h"
#include "flamingo/nn/typed_list.h"
#include "flamingo/vision/encoder.h"

namespace flamingo::vision {

/// Which tokens ClipVit::forward returns:
///
///   name              class token   last norm   whose convention
///   patches           no            no          OpenFlamingo (open_clip <= 2.22)
///   patches_normed    no            yes         open_clip >= 2.23
///   all               yes, first    no          IDEFICS (Hugging Face's last_hidden_state)
enum class ClipOutput { kPatches, kPatchesNormed, kAll };
constexpr std::array<std::pair<ClipOutput, const char*>, 3> enum_table(ClipOutput) {
  return {{{ClipOutput::kPatches, "patches"},
           {ClipOutput::kPatchesNormed, "patches_normed"},
           {ClipOutput::kAll, "all"}}};
}

/// Shape of CLIP's vision transformer (Radford et al. 2021). The defaults are ViT-L/14 at 224
/// pixels.
struct ClipVitConfig {
  static constexpr const char* kName = "clip_vit";
  static constexpr const char* kHelp = "CLIP vision transformer; null for none";
  static constexpr bool kFixedImageSize = true;  ///< by the position embeddings

  int64_t image_size = 224;  ///< S, pixels, a multiple of patch_size
  int64_t patch_size = 14;   ///< pixels
  int64_t width = 1024;      ///< Dv
  int64_t layers = 24;
  int64_t heads = 16;
  int64_t mlp_width = 4096;
  int64_t embed_dim = 768;  ///< width of the joint space, 0 = no projection
  Activation activation = Activation::kQuickGelu;
  double norm_eps = 1e-5;
  ClipOutput output = ClipOutput::kPatches;

  template <class Visitor>
  void visit(Visitor& v) {
    v("image_size", image_size, "picture side in pixels");
    v("patch_size", patch_size, "patch side in pixels");
    v("width", width, "width of a token");
    v("layers", layers, "transformer layers");
    v("heads", heads, "attention heads");
    v("mlp_width", mlp_width, "hidden width of the feed-forward part");
    v("embed_dim", embed_dim, "width of the joint space, 0 = no projection");
    v("activation", activation, "quick_gelu (OpenAI) or gelu (LAION)");
    v("norm_eps", norm_eps, "added to the variance in every norm");
    v("output", output, "patches, patches_normed or all");
  }

  /// Throws Error naming the first field that does not fit.
  void validate() const;
  /// P, without the class token.
  int64_t num_patches() const { return num_patches(image_size); }
  /// P of pictures of `side` pixels.
  int64_t num_patches(int64_t side) const { return (side / patch_size) * (side / patch_size); }
  /// The class token, where it is put out.
  int64_t num_extra_tokens() const { return output == ClipOutput::kAll ? 1 : 0; }
  int64_t dim() const { return width; }
  /// open_clip's.
  media::TransformConfig transform() const;
  /// The encoder of this shape.
  VisionEncoderPtr make(const torch::TensorOptions& options) const;
  /// "clip-vit-b-32", "clip-vit-b-16", "clip-vit-l-14", "clip-vit-l-14-336" (OpenAI's) and
  /// "clip-vit-h-14" (LAION's, IDEFICS's).
  static std::vector<EncoderPreset<ClipVitConfig>> presets();
};

/// One of ClipVitConfig::presets(). Throws Error listing the names.
ClipVitConfig clip_vit_preset(std::string_view name);

/// CLIP's vision transformer, the encoder of the paper's ablation (table 3, row vii).
///
///   pixels --> patches --> [class, patches] + positions --> norm --> layers --> tokens (--> norm
///   --> proj)
class ClipVitImpl : public VisionEncoder {
 public:
  /// Sees named intermediate results: "after_ln_pre", "block.<i>", all [N, 1 + P, Dv].
  using Tap = std::function<void(const std::string& name, const torch::Tensor& value)>;

  ClipVitImpl(const ClipVitConfig& config, const torch::TensorOptions& options);

  /// pixels [N, 3, S, S] -> [N, P, Dv], or [N, 1 + P, Dv] with ClipOutput::kAll.
  /// Throws Error on another size.
  torch::Tensor forward(const torch::Tensor& pixels) override;
  using VisionEncoder::forward;

  /// pixels [N, 3, S, S] -> tokens of the last layer [N, 1 + P, Dv], class token first, not normed.
  torch::Tensor tokens(const torch::Tensor& pixels, const Tap& tap = {}) const;

  /// Last norm over tokens [..., Dv].
  torch::Tensor post_norm(const torch::Tensor& tokens) const { return norm_post_->forward(tokens); }

  /// tokens() [N, 1 + P, Dv] -> picture embedding [N, embed_dim], not of unit length.
  /// Throws Error when the config has no projection.
  torch::Tensor embed(const torch::Tensor& tokens) const;

  int64_t dim() const override { return config_.width; }
  int64_t image_size() const override { return config_.image_size; }
  const ClipVitConfig& config() const { return config_; }

  torch::Tensor patch_embedding;     ///< [Dv, 3, patch, patch]
  torch::Tensor class_embedding;     ///< [Dv]
  torch::Tensor position_embedding;  ///< [1 + P, Dv]

 private:
  ClipVitConfig config_;
  nn::Norm norm_pre_;
  nn::TypedList<nn::TransformerLayer> layers_;
  nn::Norm norm_post_;
  nn::Linear proj_{nullptr};  ///< [embed_dim, Dv]
};
TORCH_MODULE(ClipVit);

}  // namespace flamingo::vision
