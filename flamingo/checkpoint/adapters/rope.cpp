#include "flamingo/checkpoint/adapters/rope.h"

#include <algorithm>
#include <array>
#include <cmath>
#include <numbers>

#include "flamingo/checkpoint/adapters/field_table.h"
#include "flamingo/checkpoint/adapters/hf_json.h"
#include "flamingo/core/shape.h"

namespace flamingo::checkpoint {
namespace {

constexpr double kMostFactor = 1e6;
constexpr double kMostBase = 1e12;
constexpr const char* kGguf = "GGUF: llama.";

enum class RopeType { kDefault, kLinear, kDynamic, kYarn, kLlama3 };
constexpr std::array<std::pair<RopeType, const char*>, 5> enum_table(RopeType) {
  return {{{RopeType::kDefault, "default"},
           {RopeType::kLinear, "linear"},
           {RopeType::kDynamic, "dynamic"},
           {RopeType::kYarn, "yarn"},
           {RopeType::kLlama3, "llama3"}}};
}

using enum FieldUse;

// What every type may hold; a head that is turned in part is another model.
constexpr std::array<Field, 5> kCommon = {{{"rope_type", kUsed},
                                           {"type", kUsed},
                                           {"rope_theta", kUsed},
                                           {"finetuned"},  // YaRN's own models: how it was trained
                                           {"partial_rotary_factor", kNeutral, "[1]"}}};
constexpr std::array<Field, 2> kDefault = {
    {{"factor", kNeutral, "[1]"}, {"original_max_position_embeddings"}}};
constexpr std::array<Field, 2> kFactor = {
    {{"factor", kUsed}, {"original_max_position_embeddings"}}};  // harmless: only linear, dynamic
constexpr std::array<Field, 8> kYarn = {{{"factor", kUsed},
                                         {"original_max_position_embeddings", kUsed},
                                         {"attention_factor", kUsed},
                                         {"beta_fast", kUsed},
                                         {"beta_slow", kUsed},
                                         {"mscale", kUsed},
                                         {"mscale_all_dim", kUsed},
                                         {"truncate", kUsed}}};
constexpr std::array<Field, 4> kLlama3 = {{{"factor", kUsed},
                                           {"original_max_position_embeddings", kUsed},
                                           {"low_freq_factor", kUsed},
                                           {"high_freq_factor", kUsed}}};

/// Frequency `i` of the plain embedding, radians per position.
double frequency(double base, int64_t head_dim, int64_t i) {
  return std::pow(base, -2.0 * static_cast<double>(i) / static_cast<double>(head_dim));
}

std::vector<double> constant(double divisor, int64_t head_dim) {
  return std::vector<double>(static_cast<size_t>(head_dim / 2), divisor);
}

/// YaRN (Peng et al. 2023, section 3.2): frequencies that turn often in the first context stay,
/// those that turn less than once are divided, a ramp lies between.
struct Yarn {
  double factor = 1.0;
  double context = 0.0;  ///< that the model was first trained on
  double fast = 32.0;    ///< turns from which a frequency stays
  double slow = 1.0;     ///< turns up to which it is divided
  bool truncate = true;  ///< the ramp begins and ends at whole frequencies

  std::vector<double> divisors(double base, int64_t head_dim) const {
    const auto width = static_cast<double>(head_dim);
    const auto place = [&](double turns) {  // of the frequency that makes so many
      return width * std::log(context / (turns * 2 * std::numbers::pi)) / (2 * std::log(base));
    };
    double low = place(fast), high = place(slow);
    if (truncate) {
      low = std::floor(low);
      high = std::ceil(high);
    }
    low = std::max(low, 0.0);
    high = std::min(high, width - 1);
    if (low == high) high += 0.001;
    std::vector<double> out;
    for (int64_t i = 0; i < head_dim / 2; ++i) {
      const double ramp = std::clamp((static_cast<double>(i) - low) / (high - low), 0.0, 1.0);
      out.push_back(1 / (ramp / factor + (1 - ramp)));
    }
    return out;
  }
};

/// Growth of attention's temperature with the factor.
double yarn_magnitude(double factor, double scale) {
  return factor <= 1 ? 1.0 : 0.1 * scale * std::log(factor) + 1.0;
}

/// The object that describes rotary positions, or null.
const Json& rope_object(const Json& json, const std::string& where) {
  static const Json kNull;
  const Json* found = &kNull;
  for (const char* name : {"rope_scaling", "rope_parameters"}) {
    const auto it = json.find(name);
    if (it == json.end() || it->is_null()) continue;
    if (!it->is_object()) fail(where + "." + name, "expected an object, got {}", it->type_name());
    if (it->empty()) continue;
    if (!found->is_null() && *found != *it)
      fail(where + "." + name, "expected the same as in rope_scaling, got {}", *it);
    found = &*it;
  }
  return *found;
}

/// All fields of the object are about the numbers, so that none may be unknown.
void check_known(const Json& rope, std::span<const Field> of_type, const std::string& where) {
  check_fields(rope, {kCommon, of_type}, where);
  refuse_unknown_fields(rope, {kCommon, of_type}, where);
}

double factor_at(const Json& rope, const char* name, const std::string& where) {
  const auto value = field_at<double>(rope, name, where);
  require_within(where, name, value, 1e-3, kMostFactor);
  return value;
}

/// The context that a model was first trained on.
double first_context(const Json& json, const Json& rope, int64_t context,
                     const std::string& where) {
  const int64_t stated = size_or(rope, "original_max_position_embeddings", context, where);
  return static_cast<double>(size_or(json, "original_max_position_embeddings", stated, where));
}

nn::RotaryScaling yarn(const Json& rope, double context, double base, int64_t head_dim,
                       const std::string& where) {
  const double factor = factor_at(rope, "factor", where);
  const auto positive_or = [&](const char* name, double otherwise) {  // 0 counts as absent
    const double value = number_or(rope, name, otherwise, kMostFactor, where);
    return value == 0 ? otherwise : value;
  };
  const Yarn yarn{factor, context, positive_or("beta_fast", 32), positive_or("beta_slow", 1),
                  field_or(rope, "truncate", true, where)};
  nn::RotaryScaling scaling{yarn.divisors(base, head_dim), yarn_magnitude(factor, 1)};
  const double scale = positive_or("mscale", 0), scale_all = positive_or("mscale_all_dim", 0);
  if (scale > 0 && scale_all > 0) {
    scaling.magnitude = yarn_magnitude(factor, scale) / yarn_magnitude(factor, scale_all);
  }
  scaling.magnitude = number_or(rope, "attention_factor", scaling.magnitude, kMostFactor, where);
  return scaling;
}

/// Llama 3.1's: waves longer than the first context are divided, short ones stay.
nn::RotaryScaling llama3(const Json& rope, double context, double base, int64_t head_dim,
                         const std::string& where) {
  const double factor = factor_at(rope, "factor", where);
  const double low = factor_at(rope, "low_freq_factor", where);
  const double high = factor_at(rope, "high_freq_factor", where);
  require(low < high, where, "expected low_freq_factor below high_freq_factor");
  nn::RotaryScaling scaling;
  for (int64_t i = 0; i < head_dim / 2; ++i) {
    const double turns = context * frequency(base, head_dim, i) / (2 * std::numbers::pi);
    const double smooth = std::clamp((turns - low) / (high - low), 0.0, 1.0);
    scaling.divisors.push_back(1 / ((1 - smooth) / factor + smooth));
  }
  return scaling;
}

/// A factor that GGUF files give for every frequency, as 1 where it is missing or 0.
double gguf_factor(const io::Gguf& file) {
  auto factor = file.get_float("llama.rope.scaling.factor");
  if (!factor) factor = file.get_float("llama.rope.scale_linear");
  if (!factor || *factor == 0) return 1.0;
  require_within(kGguf, "rope.scaling.factor", *factor, 1e-3, kMostFactor);
  return *factor;
}

/// rope_freqs.weight: a divisor for each frequency.
void apply_gguf_factors(const io::Gguf& file, int64_t head_dim, nn::RotaryScaling& scaling) {
  const io::GgufTensor* tensor = file.find("rope_freqs.weight");
  if (tensor == nullptr) return;
  tensor->readable("GGUF");
  require(tensor->type == kernels::BlockType::kF32 && tensor->shape == std::vector{head_dim / 2},
          "GGUF: rope_freqs.weight", "expected {} numbers in F32, got {} in {}", head_dim / 2,
          at::IntArrayRef(tensor->shape), kernels::block_layout(tensor->type).name);
  std::vector<float> factors(static_cast<size_t>(head_dim / 2));
  kernels::decode_blocks(tensor->type, tensor->data, factors);
  if (scaling.divisors.empty()) scaling.divisors = constant(1, head_dim);
  for (size_t i = 0; i < factors.size(); ++i) {
    require_within("GGUF", "rope_freqs.weight", static_cast<double>(factors[i]), 1e-3, kMostFactor);
    scaling.divisors[i] *= static_cast<double>(factors[i]);
  }
}

}  // namespace

RopeSettings rope_from_json(const Json& json, int64_t head_dim, int64_t context,
                            const std::string& where) {
  const Json& rope = rope_object(json, where);
  const std::string at =
      where + (json.contains("rope_parameters") ? ".rope_parameters" : ".rope_scaling");
  RopeSettings settings;
  settings.base = number_or(json, "rope_theta", settings.base, kMostBase, where);
  if (rope.is_null()) return settings;
  settings.base = number_or(rope, "rope_theta", settings.base, kMostBase, at);
  require_within(at, "rope_theta", settings.base, 1, kMostBase);
  const auto old_type = field_or<std::string>(rope, "type", "default", at + ".type");
  const auto type = field_or<std::string>(rope, "rope_type", old_type, at);
  switch (enum_from_name<RopeType>(type, at + ".rope_type")) {
    case RopeType::kDefault:
      check_known(rope, kDefault, at);
      break;
    case RopeType::kLinear:
      check_known(rope, kFactor, at);
      settings.scaling.divisors = constant(factor_at(rope, "factor", at), head_dim);
      break;
    case RopeType::kDynamic:
      check_known(rope, kFactor, at);
      break;
    case RopeType::kYarn:
      check_known(rope, kYarn, at);
      settings.scaling =
          yarn(rope, first_context(json, rope, context, at), settings.base, head_dim, at);
      break;
    case RopeType::kLlama3:
      check_known(rope, kLlama3, at);
      settings.scaling =
          llama3(rope, first_context(json, rope, context, at), settings.base, head_dim, at);
      break;
  }
  return settings;
}

RopeSettings rope_from_gguf(const io::Gguf& file, int64_t head_dim) {
  RopeSettings settings;
  settings.base = file.get_float("llama.rope.freq_base").value_or(settings.base);
  require_within(kGguf, "rope.freq_base", settings.base, 1, kMostBase);
  const std::string type = file.get_string("llama.rope.scaling.type").value_or("linear");
  require(type == "none" || type == "linear" || type == "yarn", "GGUF: llama.rope.scaling.type",
          "expected none, linear or yarn, got \"{}\"", std::string_view(type).substr(0, 40));
  const double factor = gguf_factor(file);
  if (type == "yarn") {
    const int64_t context = file.get_int("llama.rope.scaling.original_context_length")
                                .value_or(file.int_at("llama.context_length"));
    require_within(kGguf, "rope.scaling.original_context_length", context, 1, kMostSize);
    const Yarn yarn{.factor = factor, .context = static_cast<double>(context)};
    settings.scaling = {yarn.divisors(settings.base, head_dim), yarn_magnitude(factor, 1)};
  } else if (type == "linear" && factor != 1) {
    settings.scaling.divisors = constant(factor, head_dim);
  }
  const double magnitude = file.get_float("llama.rope.scaling.attn_factor").value_or(1.0);
  require_within(kGguf, "rope.scaling.attn_factor", magnitude, 1e-3, kMostFactor);
  settings.scaling.magnitude *= magnitude;
  apply_gguf_factors(file, head_dim, settings.scaling);
  return settings;
}

}  // namespace flamingo::checkpoint
