#pragma once

#include <optional>
#include <string>
#include <string_view>
#include <utility>
#include <variant>
#include <vector>

#include "flamingo/vision/clip_vit.h"
#include "flamingo/vision/efficientnet.h"
#include "flamingo/vision/nfnet.h"

namespace flamingo::vision {

/// The encoders that there are, or none. Another one is one more line here; what is asked of it is
/// in EncoderKind, how it is done in docs/adding-an-encoder.md.
using AnyEncoderConfig = std::variant<std::monostate,  //
                                      NfnetConfig,     //
                                      ClipVitConfig,   //
                                      EfficientNetConfig>;

/// The config of any encoder, or of none. In JSON it is an object with a key for each kind, all but
/// one of them null or left out: {"nfnet": {...}, "clip_vit": null}.
class EncoderConfig {
 public:
  EncoderConfig() = default;
  template <EncoderKind T>
  EncoderConfig(T config) : config_(std::move(config)) {}

  /// The config where it is one of this kind, else null.
  template <EncoderKind T>
  T* as() {
    return std::get_if<T>(&config_);
  }
  template <EncoderKind T>
  const T* as() const {
    return std::get_if<T>(&config_);
  }

  /// Throws Error when it is none, or naming the first field that does not fit.
  void validate() const;

  /// What the config says of itself (EncoderKind); each throws Error when it is none.
  std::string_view name() const;
  int64_t dim() const;
  int64_t image_size() const;
  bool has_fixed_image_size() const;
  media::TransformConfig transform() const;
  VisionEncoderPtr make(const torch::TensorOptions& options) const;
  /// P: features of a picture of image_size() pixels, its patches and the tokens besides.
  int64_t num_features() const;

  /// Pictures of `side` pixels from now on. Throws Error where the size is fixed to another.
  void set_image_size(int64_t side);
  /// Features that are means over `side` rows and columns from now on. Throws Error for a kind
  /// whose features are not pooled.
  void set_pooled_side(int64_t side);
  /// Features that are normalised and projected to `dim` from now on. Throws Error for a kind
  /// without projection.
  void set_projection_dim(int64_t dim);
  /// {"<name>": {...}}, as the folder of an encoder holds it.
  Json to_json() const;

  /// Shows a visitor every kind, as an object that may be null. Throws Error when it leaves two.
  template <class Visitor>
  void visit(Visitor& v) {
    visit_kinds(v, std::make_index_sequence<std::variant_size_v<AnyEncoderConfig> - 1>());
  }

 private:
  template <class Visitor, size_t... I>
  void visit_kinds(Visitor& v, std::index_sequence<I...>) {
    AnyEncoderConfig left;
    (visit_kind<std::variant_alternative_t<I + 1, AnyEncoderConfig>>(v, left), ...);
    config_ = std::move(left);
  }
  template <EncoderKind T, class Visitor>
  void visit_kind(Visitor& v, AnyEncoderConfig& left) const {
    const T* own = as<T>();
    std::optional<T> field = own ? std::optional<T>(*own) : std::nullopt;
    v(T::kName, field, T::kHelp);
    if (!field) return;
    require(left.index() == 0, "encoder", "expected one encoder, got {} and another", T::kName);
    left = *std::move(field);
  }

  AnyEncoderConfig config_;
};

/// Names of the kinds, as JSON has them.
std::vector<std::string> encoder_kind_names();

/// A preset of any kind: "nfnet-f6", "clip-vit-l-14", ... Throws Error listing the names.
EncoderConfig encoder_preset(std::string_view name);

/// Names that encoder_preset() knows.
std::vector<std::string> encoder_preset_names();

}  // namespace flamingo::vision
