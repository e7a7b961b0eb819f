#pragma once

#include <torch/nn/module.h>
#include <torch/nn/pimpl.h>

#include <array>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

#include "flamingo/nn/mlp.h"
#include "flamingo/nn/norm.h"
#include "flamingo/nn/typed_list.h"

namespace flamingo::resampler {

/// What turns features into media tokens (paper table 3, row vi):
///
///   perceiver    the paper's: latents attend to features and latents
///   transformer  features and latents are one sequence that attends to itself; the latents' places
///                are the media tokens
///   mlp          every feature by itself through layers of norm and feed-forward part; the
///                sequence is then averaged over R spans of it, all about as long
///
/// The paper says of the two others only that they have the parameter budget of the first and are
/// slower. That a transformer has latents too, and that the MLP's tokens are averaged (where there
/// are fewer features than R, repeated), is chosen here, so that every media item has R tokens.
enum class ResamplerKind { kPerceiver, kTransformer, kMlp };
constexpr std::array<std::pair<ResamplerKind, const char*>, 3> enum_table(ResamplerKind) {
  return {{{ResamplerKind::kPerceiver, "perceiver"},
           {ResamplerKind::kTransformer, "transformer"},
           {ResamplerKind::kMlp, "mlp"}}};
}

/// Shape of the resampler. The defaults are the paper's (table 13; 16 heads of 128 give its 194 M).
struct ResamplerConfig {
  ResamplerKind kind = ResamplerKind::kPerceiver;
  int64_t dim = 3072;        ///< Dv of the features
  int64_t width = 1536;      ///< Dr of the latents; a linear layer maps Dv to Dr where they differ
  int64_t depth = 6;         ///< layers
  int64_t heads = 16;        ///< H
  int64_t head_dim = 128;    ///< Dh
  int64_t num_latents = 64;  ///< R
  int64_t num_frames = 8;    ///< rows of the time embedding table, 0 = no time embedding
  int64_t ffw_mult = 4;      ///< hidden width of the feed-forward part / width
  Activation activation = Activation::kSquaredRelu;
  bool qk_norm = false;  ///< layer norms on queries and keys after the head split (IDEFICS)
  double norm_eps = 1e-5;

  template <class Visitor>
  void visit(Visitor& v) {
    v("kind", kind, "perceiver, transformer or mlp");
    v("dim", dim, "width of the visual features");
    v("width", width, "width of the latents and media tokens");
    v("depth", depth, "layers");
    v("heads", heads, "attention heads");
    v("head_dim", head_dim, "width of a head");
    v("num_latents", num_latents, "media tokens per picture or clip");
    v("num_frames", num_frames, "learnt time embeddings, 0 = none");
    v("ffw_mult", ffw_mult, "hidden width of the feed-forward part / width");
    v("activation", activation, "of the feed-forward part");
    v("qk_norm", qk_norm, "layer norms on queries and keys of each head");
    v("norm_eps", norm_eps, "added to the variance in every norm");
  }

  /// Throws Error naming the first field that does not fit.
  void validate() const;
};

/// The paper's by name, for features of width `dim`. Throws Error listing the names.
///
///   small, medium, large  table 10, row i. Their dimensions are not in the paper: half and twice
///                         the depth give the totals printed there (3.1, 3.2 and 3.4 B)
///   transformer, mlp      table 3, row vi, of about the media item one's 194 M parameters
ResamplerConfig resampler_preset(std::string_view name, int64_t dim);

/// Names that resampler_preset() knows.
std::vector<std::string> resampler_preset_names();

/// OpenFlamingo's: no projection, 8 heads of 64, exact GELU, no time embedding.
ResamplerConfig openflamingo_resampler(int64_t dim);

/// IDEFICS's: as OpenFlamingo's, but 16 heads of 96, ReLU and norms on queries and keys.
ResamplerConfig idefics_resampler(int64_t dim);

/// Latents read media and themselves: attention(q = latents, k = v = [media, latents]). Without
/// media (kTransformer) this is self-attention.
class ResamplerAttentionImpl : public torch::nn::Module {
 public:
  ResamplerAttentionImpl(const ResamplerConfig& config, const torch::TensorOptions& options);

  /// media [N, S, Dr] (kTransformer: not read), latents [N, R, Dr] -> [N, R, Dr].
  torch::Tensor forward(const torch::Tensor& media, const torch::Tensor& latents) const;

 private:
  /// x [N, S, H * Dh] -> [N, H, S, Dh].
  torch::Tensor split_heads(const torch::Tensor& x) const;

  int64_t head_dim_;
  nn::Norm norm_media_;  ///< null with kTransformer
  nn::Norm norm_latents_;
  nn::Linear to_q_;   ///< [H Dh, Dr]
  nn::Linear to_kv_;  ///< [2 H Dh, Dr]: key rows, then value rows
  nn::Linear to_out_;
  nn::Norm q_norm_{nullptr};  ///< over Dh; null unless qk_norm
  nn::Norm k_norm_{nullptr};
};
TORCH_MODULE(ResamplerAttention);

/// x += attention(media, x), but with kMlp; x += ffw(norm(x)).
class ResamplerLayerImpl : public torch::nn::Module {
 public:
  ResamplerLayerImpl(const ResamplerConfig& config, const torch::TensorOptions& options);

  /// media [N, S, Dr] (read by kPerceiver), x [N, L, Dr] -> [N, L, Dr].
  torch::Tensor forward(const torch::Tensor& media, const torch::Tensor& x) const;

 private:
  ResamplerAttention attention_;  ///< null with kMlp
  nn::Norm norm_ffw_;
  nn::Mlp ffw_;
};
TORCH_MODULE(ResamplerLayer);

/// Turns any number of visual features into R media tokens. As the paper does (kPerceiver):
///
///   features -- (linear) -- + time --+--> keys, values --> cross-attention --> ffw --> x depth -->
///   norm --> media latents ------------------------ +--> queries, keys, values --^
///
/// One time embedding per frame is shared by the frame's patches; there is no position within a
/// frame. Norms, which the paper's pseudo-code leaves out: one for media, one for latents, one
/// before ffw, one at the end; linear layers have no bias. Source: paper section 2.1, appendix
/// A.1.1, figure 5.
class ResamplerImpl : public torch::nn::Module {
 public:
  ResamplerImpl(const ResamplerConfig& config, const torch::TensorOptions& options);

  /// features [B, M, F, P, Dv] (any float type) -> media tokens [B, M, R, Dr], same type.
  /// F = 1 is a picture. Throws Error on another last extent or F = 0.
  torch::Tensor forward(const torch::Tensor& features) const;

  /// Time embeddings [F, Dr] for F frames spread evenly over the same stretch of time as the table:
  /// first and last frame get the first and last row, those between are interpolated linearly; one
  /// frame gets row 0.
  torch::Tensor time_embedding(int64_t num_frames) const;

  const ResamplerConfig& config() const { return config_; }

  torch::Tensor latents;          ///< [R, Dr], undefined with kMlp
  torch::Tensor time_embeddings;  ///< [num_frames, Dr] or undefined

 private:
  /// Features as a sequence [N, S, Dr] -> [N, R, Dr], not normed.
  torch::Tensor compress(const torch::Tensor& media) const;

  ResamplerConfig config_;
  nn::Linear input_proj_{nullptr};  ///< [Dr, Dv]; null when dim == width
  nn::TypedList<ResamplerLayer> layers_;
  nn::Norm norm_;
};
TORCH_MODULE(Resampler);

}  // namespace flamingo::resampler
