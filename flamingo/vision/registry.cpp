#include "flamingo/vision/registry.h"

#include <type_traits>

namespace flamingo::vision {
namespace {

constexpr std::string_view kAnyEncoder = "encoder";

std::string joined(const std::vector<std::string>& names) {
  std::string text;
  for (const auto& name : names) text += (text.empty() ? "" : ", ") + name;
  return text;
}

/// question(config) of the one that there is.
template <class Any, class Question>
auto ask(Any& any, const Question& question) {
  using Answer = decltype(question(std::get<1>(any)));
  return std::visit(
      [&](auto& config) -> Answer {
        if constexpr (std::is_same_v<std::remove_cvref_t<decltype(config)>, std::monostate>) {
          fail(kAnyEncoder, "expected one of {}, got none", joined(encoder_kind_names()));
        } else {
          return question(config);
        }
      },
      any);
}

/// visit(a blank config) of every kind.
template <size_t I = 1, class Visit>
void for_each_kind(const Visit& visit) {
  if constexpr (I < std::variant_size_v<AnyEncoderConfig>) {
    visit(std::variant_alternative_t<I, AnyEncoderConfig>());
    for_each_kind<I + 1>(visit);
  }
}

/// All presets of all kinds, in order.
std::vector<EncoderPreset<EncoderConfig>> all_presets() {
  std::vector<EncoderPreset<EncoderConfig>> all;
  for_each_kind([&](const auto& kind) {
    for (const auto& preset : kind.presets()) all.push_back({preset.name, preset.config});
  });
  return all;
}

/// Sets a field that only some kinds have: `field` gives it of those.
template <class Config, class Field>
void set_where_known(Config& config, const char* name, int64_t value, const Field& field) {
  if constexpr (requires { field(config); }) {
    Config changed = config;
    field(changed) = value;
    changed.validate();
    config = changed;
  } else {
    fail(name, "expected 0 for an encoder of kind {}, got {}", config.kName, value);
  }
}

}  // namespace

void EncoderConfig::validate() const {
  ask(config_, [](const auto& config) { config.validate(); });
}

std::string_view EncoderConfig::name() const {
  return ask(config_, [](const auto& config) { return std::string_view(config.kName); });
}

int64_t EncoderConfig::dim() const {
  return ask(config_, [](const auto& config) { return config.dim(); });
}

int64_t EncoderConfig::image_size() const {
  return ask(config_, [](const auto& config) { return config.image_size; });
}

bool EncoderConfig::has_fixed_image_size() const {
  return ask(config_, [](const auto& config) { return bool{config.kFixedImageSize}; });
}

media::TransformConfig EncoderConfig::transform() const {
  return ask(config_, [](const auto& config) { return config.transform(); });
}

VisionEncoderPtr EncoderConfig::make(const torch::TensorOptions& options) const {
  return ask(config_, [&](const auto& config) { return config.make(options); });
}

int64_t EncoderConfig::num_features() const {
  return ask(config_, [](const auto& config) {
    return config.num_patches(config.image_size) + config.num_extra_tokens();
  });
}

void EncoderConfig::set_image_size(int64_t side) {
  ask(config_, [&](auto& config) {
    require(!config.kFixedImageSize || side == config.image_size, "image_size",
            "expected {}, for which this encoder has position embeddings, got {}",
            config.image_size, side);
    auto changed = config;
    changed.image_size = side;
    changed.validate();
    config = changed;
  });
}

void EncoderConfig::set_pooled_side(int64_t side) {
  ask(config_, [&](auto& config) {
    set_where_known(config, "pooled_side", side,
                    [](auto& of) -> decltype((of.pooled_side)) { return of.pooled_side; });
  });
}

void EncoderConfig::set_projection_dim(int64_t dim) {
  ask(config_, [&](auto& config) {
    set_where_known(config, "projection_dim", dim,
                    [](auto& of) -> decltype((of.projection_dim)) { return of.projection_dim; });
  });
}

Json EncoderConfig::to_json() const {
  return ask(config_, [](const auto& config) {
    return Json{{config.kName, config_to_json(config)}};
  });
}

std::vector<std::string> encoder_kind_names() {
  std::vector<std::string> names;
  for_each_kind([&](const auto& kind) { names.emplace_back(kind.kName); });
  return names;
}

EncoderConfig encoder_preset(std::string_view name) {
  for (auto& preset : all_presets()) {
    if (preset.name == name) return std::move(preset.config);
  }
  fail("encoder preset", "expected one of {}, got \"{}\"", joined(encoder_preset_names()), name);
}

std::vector<std::string> encoder_preset_names() {
  std::vector<std::string> names;
  for (auto& preset : all_presets()) names.push_back(std::move(preset.name));
  return names;
}

}  // namespace flamingo::vision
