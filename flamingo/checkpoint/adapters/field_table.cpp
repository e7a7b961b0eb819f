#include "flamingo/checkpoint/adapters/field_table.h"

#include <algorithm>
#include <array>
#include <cmath>
#include <type_traits>

namespace flamingo::checkpoint {
namespace {

using enum FieldUse;
constexpr size_t kNamesInWarnings = 10;

// Of PretrainedConfig in transformers 4 and 5, and of GenerationConfig, which old files repeat.
constexpr std::array<Field, 68> kTransformers = {{{"architectures"},
                                                  {"model_type", kUsed},
                                                  {"torch_dtype"},
                                                  {"dtype"},
                                                  {"transformers_version"},
                                                  {"name_or_path"},
                                                  {"use_cache"},
                                                  {"return_dict"},
                                                  {"return_dict_in_generate"},
                                                  {"output_hidden_states"},
                                                  {"output_attentions"},
                                                  {"output_scores"},
                                                  {"torchscript"},
                                                  {"use_bfloat16"},
                                                  {"tf_legacy_loss"},
                                                  {"finetuning_task"},
                                                  {"task_specific_params"},
                                                  {"problem_type"},
                                                  {"id2label"},
                                                  {"label2id"},
                                                  {"num_labels"},
                                                  {"tokenizer_class"},
                                                  {"prefix"},
                                                  {"bos_token_id"},
                                                  {"pad_token_id"},
                                                  {"eos_token_id", kUsed},
                                                  {"sep_token_id"},
                                                  {"decoder_start_token_id"},
                                                  {"initializer_range"},
                                                  {"initializer_factor"},
                                                  {"attention_dropout"},
                                                  {"dropout"},
                                                  {"tie_encoder_decoder"},
                                                  {"remove_invalid_values"},
                                                  {"cross_attention_hidden_size"},
                                                  {"max_length"},
                                                  {"min_length"},
                                                  {"max_new_tokens"},
                                                  {"do_sample"},
                                                  {"early_stopping"},
                                                  {"num_beams"},
                                                  {"num_beam_groups"},
                                                  {"num_return_sequences"},
                                                  {"diversity_penalty"},
                                                  {"temperature"},
                                                  {"top_k"},
                                                  {"top_p"},
                                                  {"typical_p"},
                                                  {"repetition_penalty"},
                                                  {"length_penalty"},
                                                  {"no_repeat_ngram_size"},
                                                  {"encoder_no_repeat_ngram_size"},
                                                  {"forced_bos_token_id"},
                                                  {"forced_eos_token_id"},
                                                  {"exponential_decay_length_penalty"},
                                                  {"begin_suppress_tokens"},
                                                  {"suppress_tokens"},
                                                  {"bad_words_ids"},
                                                  {"chunk_size_feed_forward"},
                                                  {"is_encoder_decoder", kNeutral, "[false]"},
                                                  {"is_decoder", kNeutral, "[false, true]"},
                                                  {"add_cross_attention", kNeutral, "[false]"},
                                                  {"pruned_heads", kNeutral, "[{}]"},
                                                  {"attention_bias", kNeutral, "[false]"},
                                                  {"mlp_bias", kNeutral, "[false]"},
                                                  {"attn_implementation"},
                                                  {"auto_map", kTold},
                                                  {"quantization_config", kTold}}};

/// nullptr for an unknown name.
const Field* find_field(const std::string& name, FieldTables tables) {
  for (const auto& table : tables) {
    for (const Field& field : table) {
      if (name == field.name) return &field;
    }
  }
  return nullptr;
}

/// Numbers equal to one part in 2^20: files keep float32.
bool is_same(const Json& a, const Json& b) {
  if (!a.is_number() || !b.is_number()) return a == b;
  return std::abs(a.get<double>() - b.get<double>()) <= std::abs(b.get<double>()) * 0x1p-20;
}

/// What a value holds, short enough for a message.
std::string shown(const Json& value) {
  return value.dump(-1, ' ', true, Json::error_handler_t::replace).substr(0, 200);
}

void check_neutral(const Json& value, const Field& field, const std::string& at) {
  if (value.is_null()) return;
  const Json neutral = Json::parse(field.neutral);
  for (const Json& good : neutral) {
    if (is_same(value, good)) return;
  }
  fail(at, "expected {}, got {}", neutral.empty() ? "no such field" : "one of " + neutral.dump(),
       shown(value), Hint{"this reader does not compute what the field asks for"});
}

/// Quoted where that is needed to print it.
std::string printable(const std::string& name) {
  const std::string quoted = shown(name);
  return quoted.size() == name.size() + 2 ? name : quoted;
}

/// Fields that say nothing to anyone.
bool is_silent(const std::string& name, const Json& value) {
  return value.is_null() || name.starts_with("_");
}

/// "2 fields not known here (a, b)"; at most ten names.
std::string list_of(const std::vector<std::string>& names) {
  std::string text = std::to_string(names.size()) + (names.size() == 1 ? " field" : " fields") +
                     " not known here (";
  for (size_t i = 0; i < std::min(names.size(), kNamesInWarnings); ++i) {
    text += (i > 0 ? ", " : "") + names[i];
  }
  return text + (names.size() > kNamesInWarnings ? ", ...)" : ")");
}

/// A scalar of GGUF metadata; lists become a text that no field takes for neutral.
Json as_json(const io::GgufValue& value) {
  return std::visit(
      [](const auto& held) -> Json {
        if constexpr (requires { typename std::decay_t<decltype(held)>::allocator_type; } &&
                      !std::is_same_v<std::decay_t<decltype(held)>, std::string>) {
          return "a list of " + std::to_string(held.size());
        } else {
          return held;
        }
      },
      value);
}

/// The keys after "`architecture`.".
Json metadata_of(const io::Gguf& file, const std::string& architecture) {
  const std::string prefix = architecture + ".";
  Json json = Json::object();
  for (const auto& [key, value] : file.metadata()) {
    if (key.starts_with(prefix)) json[key.substr(prefix.size())] = as_json(value);
  }
  return json;
}

}  // namespace

void check_fields(const Json& json, FieldTables tables, const std::string& where) {
  require(json.is_object(), where, "expected an object, got {}", json.type_name());
  for (const auto& [name, value] : json.items()) {
    const Field* field = find_field(name, tables);
    if (field == nullptr || field->use != kNeutral) continue;
    check_neutral(value, *field, where + "." + name);
  }
}

void refuse_unknown_fields(const Json& json, FieldTables tables, const std::string& where) {
  for (const auto& [name, value] : json.items()) {
    if (is_silent(name, value) || find_field(name, tables) != nullptr) continue;
    fail(where + "." + printable(name),
         "expected a known field, got one that may change the numbers",
         Hint{"docs/checkpoint-fields.md lists the fields that are known"});
  }
}

std::vector<std::string> untaken_fields(const Json& json, FieldTables tables,
                                        const std::string& where) {
  std::vector<std::string> warnings, unknown;
  if (!json.is_object()) return warnings;
  for (const auto& [name, value] : json.items()) {
    if (is_silent(name, value)) continue;
    const Field* field = find_field(name, tables);
    if (field == nullptr) unknown.push_back(printable(name));
    if (field != nullptr && field->use == kTold) {
      warnings.push_back(where + "." + name + " = " + shown(value) +
                         " is not followed; weights count as they are stored");
    }
  }
  if (!unknown.empty()) {
    warnings.push_back(where + " holds " + list_of(unknown) +
                       "; should one change the model's numbers, answers will be worse");
  }
  return warnings;
}

void check_metadata(const io::Gguf& file, const std::string& architecture,
                    std::span<const Field> table) {
  check_fields(metadata_of(file, architecture), {table}, "GGUF: " + architecture);
}

std::vector<std::string> untaken_metadata(const io::Gguf& file, const std::string& architecture,
                                          std::span<const Field> table) {
  return untaken_fields(metadata_of(file, architecture), {table}, "GGUF: " + architecture);
}

std::span<const Field> transformers_fields() { return kTransformers; }

}  // namespace flamingo::checkpoint
